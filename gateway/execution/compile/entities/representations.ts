// Compiling: how the entities of a fetch are found in the merged tree and told to the subgraph.
import type { FetchNode, QueryPlanFieldNode, QueryPlanSelectionNode } from '@apollo/query-planner';
import type { SelectionSetNode } from 'graphql';
import { isTooDeep } from '#gateway/json/nesting.ts';
import { isOneOf, type Program, property, read } from '#gateway/execution/compile/code.ts';
import { contextValues } from './contexts.ts';
import { type EntityNaming, type EntityTypes, fieldsOf } from './entity-keys.ts';
import { mayNest, refuse } from './nested-values.ts';
import { mergeInto, present, writeNested } from './required-values.ts';
import type { TreeOutline } from '#gateway/execution/compile/steps/shape.ts';
import { writeWalk } from '#gateway/execution/compile/steps/walk.ts';

/** A fetch of the plan that asks for entities. */
export interface EntityFetch {
  readonly fetch: FetchNode;
  readonly path: readonly string[];
  /** The path without its lists. */
  readonly place: readonly string[];
  /** What fetches put into the tree, this one and others. */
  readonly outline: TreeOutline;
}

/**
 * Writes `gather(root, choose)`, which finds the entities of an entity fetch, and returns its name. `choose(context)`
 * gives where to put an entity; `context` is the list of its values for `@fromContext`, if the fetch has any.
 *
 * An entity whose representation is not complete is left out: a field was not fetched, or every key has a null in it.
 */
export function writeGather(program: Program, naming: EntityNaming, entityFetch: EntityFetch): string {
  const { fetch, path } = entityFetch;
  const contexts = contextValues(program, naming.types, fetch.contextRewrites ?? []);
  const add = writeAdd(program, naming, entityFetch);
  return program.declare((name) => {
    if (contexts.length === 0) {
      const walk = writeWalk(path, ({ object }) => `${add}(${object}, into);`);
      return `function ${name}(o0, choose) { const into = choose(undefined); ${walk} }`;
    }
    const walk = writeWalk(path, ({ object, ancestors }) => {
      const values = contexts.map(({ source }) => source([...ancestors, object]));
      return `${add}(${object}, choose([${values.join(', ')}]));`;
    });
    return `function ${name}(o0, choose) { ${walk} }`;
  });
}

/** Fields that a fetch requires of the objects that are of all these types. */
interface Requirement {
  readonly conditions: readonly string[];
  readonly selections: readonly QueryPlanSelectionNode[];
}

/** The planner nests and repeats typed fragments at will. What stands under the same types is put together here. */
function requirementsOf(requires: readonly QueryPlanSelectionNode[]): Requirement[] {
  const found = new Map<string, { conditions: readonly string[]; fields: QueryPlanFieldNode[] }>();
  const visit = (selections: readonly QueryPlanSelectionNode[], conditions: readonly string[]): void => {
    for (const node of selections) {
      if (node.kind === 'InlineFragment') {
        const inner =
          node.typeCondition === undefined
            ? conditions
            : [...new Set([...conditions, node.typeCondition])].sort();
        visit(node.selections, inner);
      } else {
        const key = conditions.join(' ');
        const entry = found.get(key) ?? { conditions, fields: [] };
        entry.fields.push(node);
        found.set(key, entry);
      }
    }
  };
  visit(requires, []);
  return [...found.values()].map(({ conditions, fields }) => ({
    conditions,
    selections: mergeFields(fields),
  }));
}

function mergeFields(fields: readonly QueryPlanFieldNode[]): QueryPlanSelectionNode[] {
  const byName = Map.groupBy(fields, ({ name }) => name);
  return [...byName].map(([name, nodes]) => {
    const nested = nodes.flatMap(({ selections }) => selections ?? []);
    if (nested.length === 0) return { kind: 'Field', name };
    const inner = nested.filter((node): node is QueryPlanFieldNode => node.kind === 'Field');
    const fragments = nested.filter((node) => node.kind === 'InlineFragment');
    return { kind: 'Field', name, selections: [...mergeFields(inner), ...fragments] };
  });
}

function writeAdd(program: Program, naming: EntityNaming, { fetch, place, outline }: EntityFetch): string {
  const { types } = naming;
  const typename = writeTypename(program, types, fetch);
  const parts = requirementsOf(fetch.requires ?? []).map(({ conditions, selections }) => {
    const lists = conditions.map((condition) => types.namesOf(condition));
    const [first = []] = lists;
    const names = first.filter((name) => lists.every((list) => list.includes(name)));
    const keys = keySets(types, fetch, conditions);
    const fields = flatten(program, naming, selections, { keys, names, place, outline });
    const nests = mayNest(types, selections, names);
    return { applies: isOneOf(program, 'typename', names), names, keys, nests, ...fields };
  });
  const [only] = parts;
  const keyed = parts
    .flatMap(({ keys }) => keys)
    .map(({ selections }) =>
      fieldsOf(selections)
        .map((field) => present(program, field, read('r', field.name.value)))
        .join(' && '),
    )
    .join(' || ');
  const refused = (value: string) =>
    `if (${program.constant(isTooDeep)}(${value})) return ${program.constant(refuse)}(into, e);`;
  const body =
    only !== undefined && parts.length === 1 && only.flat
      ? `if (!${only.applies}) return; ${only.read} if (!(${only.complete})) return;
         ${only.nests ? refused(`[${[...only.variables.values()].join(', ')}]`) : ''} ${rememberFlat(program, only, typename, naming.sentName)}`
      : `let r; ${parts.map(({ applies, read: source, complete, literal }) => `if (${applies}) { ${source} if (${complete}) r = ${merged(program)}(r, { ${literal} }); }`).join(' ')}
         if (r === undefined${keyed === '' ? '' : ` || !(${keyed})`}) return;
         ${parts.some(({ nests }) => nests) ? refused('r') : ''}
         r = { __typename: ${typename}, ...r };
         const key = JSON.stringify(r);
         let slot = variants.get(key);
         if (slot === undefined) { slot = representations.length; variants.set(key, slot); representations.push(r); }`;
  return program.declare(
    (name) => `function ${name}(e, into) {
    const typename = e.__typename;
    if (typeof typename !== "string") return;
    const { seen, variants, representations } = into;
    ${body}
    into.entities.push(e); into.slots.push(slot);
  }`,
  );
}

/**
 * Statements that find the slot of a representation of leaves. Looking up the one field that identifies the entity is
 * several times cheaper than building a key from all of them, and the others are almost always the same then.
 */
function rememberFlat(
  program: Program,
  { literal, variables, identity, names }: FlatPart,
  typename: string,
  sentName: (field: string) => string,
): string {
  const part = program.constant(identityPart);
  const whole = [...variables.values()].map((value) => `${part}(${value})`).join(' + ');
  const add = (map: string, key: string) =>
    `slot = representations.length; ${map}.set(${key}, slot); representations.push({ __typename: ${typename}, ${literal} });`;
  const variant = `const key = typename + ${whole || '""'}; slot = variants.get(key); if (slot === undefined) { ${add('variants', 'key')} }`;
  if (identity === undefined) return `let slot; ${variant}`;
  // A leaf that is an object, such as a number that was kept as its text, is called by its text.
  const text = program.constant(JSON.stringify);
  const called = `(typeof ${identity} === "object" ? ${text}(${identity}) : ${identity})`;
  const primary = names.length === 1 ? called : `typename + " " + ${called}`;
  const same = [...variables]
    .map(([field, value]) => {
      const known = read('known', sentName(field));
      return `${known} !== ${value} && (typeof ${value} !== "object" || ${text}(${known}) !== ${text}(${value}))`;
    })
    .join(' || ');
  return `const primary = ${primary}; let slot = seen.get(primary);
    if (slot === undefined) { ${add('seen', 'primary')} }
    else { const known = representations[slot]; if (${same}) { ${variant} } }`;
}

/** Whether any fetch puts the field on the objects at the place, if only on those of some types. */
function fetchedAt(
  outline: TreeOutline,
  place: readonly string[],
  field: QueryPlanFieldNode,
  typename: string,
): boolean {
  const keys = outline.at(place);
  return keys.has(field.name) && keys.get(field.name)?.has(typename) !== false;
}

/** The planner's `inputRewrites`: an entity is sent as the `@interfaceObject` that the subgraph knows it by. */
function writeTypename(program: Program, types: EntityTypes, fetch: FetchNode): string {
  let source = 'typename';
  for (const rewrite of fetch.inputRewrites ?? []) {
    const [condition = '', key] = rewrite.path;
    if (
      rewrite.kind !== 'ValueSetter' ||
      rewrite.path.length !== 2 ||
      key !== '__typename' ||
      !condition.startsWith('... on ')
    ) {
      throw new Error('the plan has an unknown input rewrite');
    }
    const applies = isOneOf(program, 'typename', types.namesOf(condition.slice('... on '.length)));
    source = `(${applies} ? ${JSON.stringify(rewrite.setValueTo)} : ${source})`;
  }
  return source;
}

/** The keys, of those by which the subgraph knows the type, that the fetch sends in full. */
function keySets(types: EntityTypes, fetch: FetchNode, conditions: readonly string[]): SelectionSetNode[] {
  const rewritten = (fetch.inputRewrites ?? []).map((rewrite) =>
    'setValueTo' in rewrite ? String(rewrite.setValueTo) : '',
  );
  const names = [...conditions, ...rewritten];
  return [...new Set(names)].flatMap((name) => [...types.keysOf(fetch.serviceName, name)]);
}

interface FlatPart extends Fields {
  /** What `__typename` may be. */
  readonly names: readonly string[];
}

interface Fields {
  /** Statements that read the fields into variables. */
  readonly read: string;
  readonly complete: string;
  readonly literal: string;
  /** The variables by the fields they hold. */
  readonly variables: ReadonlyMap<string, string>;
  /** The variable that tells entities of one type apart, if there is a single one. */
  readonly identity: string | undefined;
  /** Whether all of them are leaves. */
  readonly flat: boolean;
}

interface FlattenOptions {
  readonly keys: readonly SelectionSetNode[];
  /** What `__typename` may be. */
  readonly names: readonly string[];
  readonly place: readonly string[];
  readonly outline: TreeOutline;
}

function flatten(
  program: Program,
  naming: EntityNaming,
  selections: readonly QueryPlanSelectionNode[],
  { keys, names, place, outline }: FlattenOptions,
): Fields {
  const fields = selections.filter(
    (node): node is QueryPlanFieldNode => node.kind === 'Field' && node.name !== '__typename',
  );
  const variables = new Map(fields.map(({ name }, index) => [name, `v${index}`]));
  const sent = keys.filter((key) => fieldsOf(key.selections).every(({ name }) => variables.has(name.value)));
  const keyed = sent.map((key) =>
    fieldsOf(key.selections).map((field) => present(program, field, variables.get(field.name.value) ?? '')),
  );
  const identifying = new Set(sent.flatMap((key) => fieldsOf(key.selections).map(({ name }) => name.value)));
  const defined = [...variables].map(([name, variable]) => {
    const present = `${variable} !== undefined`;
    if (identifying.size === 0 || identifying.has(name)) return present;
    // The planner (2.14.4) may require of all objects what it fetches for some only, where a condition or a type decides.
    const expected = names.filter((typename) =>
      fields.every((field) => field.name !== name || fetchedAt(outline, place, field, typename)),
    );
    return expected.length === names.length
      ? present
      : `(${present} || !${isOneOf(program, 'typename', expected)})`;
  });
  const complete = [
    ...defined,
    ...(keyed.length === 0 ? [] : [`(${keyed.map((all) => all.join(' && ')).join(' || ')})`]),
  ];
  const reads = fields.map(({ name, selections: nested }, index) => {
    const value = read('e', name);
    if (nested === undefined) return `const v${index} = ${value};`;
    const copy = writeNested(program, naming, nested, { outline, place: [...place, name] });
    return `const v${index} = ${copy}(${value});`;
  });
  return {
    read: reads.join(' '),
    complete: complete.length === 0 ? 'true' : complete.join(' && '),
    literal: [...variables].map(([name, variable]) => property(naming.sentName(name), variable)).join(', '),
    variables,
    identity: identityOf(sent, variables),
    flat: selections.every((node) => node.kind === 'Field' && node.selections === undefined),
  };
}

function identityOf(
  keys: readonly SelectionSetNode[],
  variables: ReadonlyMap<string, string>,
): string | undefined {
  if (variables.size === 1) return [...variables.values()][0];
  const single = keys.find(({ selections }) => selections.length === 1);
  const [field] = fieldsOf(single?.selections ?? []);
  return field === undefined ? undefined : variables.get(field.name.value);
}

/** Text that is equal for two leaves exactly when they are, and that cannot run into its neighbour. */
function identityPart(value: unknown): string {
  return typeof value === 'string' ? ` ${value.length} ${value}` : ` ${JSON.stringify(value)} `;
}

function merged(program: Program): string {
  return program.constant((target: object | undefined, source: object) =>
    target === undefined ? source : mergeInto(target, source),
  );
}
