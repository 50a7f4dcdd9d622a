// Mend of a defect of the planner (2.14.4): it takes a field for the same whatever its arguments. So what a `@requires`
// needs with one argument was answered with another, when the client or another `@requires` asked for the field too.
//
// Each field with arguments that a `@requires` names gets a field of its own in the supergraph that is planned with,
// one for each list of arguments (`price(currency: EUR)` becomes `price__required_0`). In the finished plan it becomes
// the real field again: under that alias where it is fetched, under its real name where it is sent.
import type { FetchNode, PlanNode, QueryPlanFieldNode, QueryPlanSelectionNode } from '@apollo/query-planner';
import {
  type ArgumentNode,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type FieldNode,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql';
import {
  argumentOf,
  directivesNamed,
  type FieldsDefinition,
  fieldsDefinitions,
  isFieldsDefinition,
  parseSelection,
  typeNameOf,
} from './supergraph-document.ts';

interface StandIn {
  readonly name: string;
  readonly fieldName: string;
  readonly arguments: readonly ArgumentNode[];
}

/** Fields that stand for a field with certain arguments. */
export interface RequiredArguments {
  /** The supergraph to plan with. */
  readonly document: DocumentNode;
  /** Puts the real fields into a plan that was made with it. */
  restore(plan: PlanNode): PlanNode;
  /** From stand-ins to the real names, by which a representation carries them. */
  readonly realNames: ReadonlyMap<string, string>;
}

/** `undefined` when no `@requires` names a field with arguments. */
export function standInForArguments(document: DocumentNode): RequiredArguments | undefined {
  const types = new Map(fieldsDefinitions(document).map((type) => [type.name.value, type]));
  const standIns = new Map<string, StandIn>();
  /** By the field they are wanted for, `Type.field`. */
  const additions = new Map<string, Set<StandIn>>();
  /** Stand-ins that a field of a subgraph needs, `graph.field`. */
  const needs = new Map<string, Set<string>>();

  function standInFor(type: string, { name, arguments: args = [] }: FieldNode): StandIn {
    const identity = `${name.value}(${args
      .map((node) => print(node))
      .sort()
      .join(', ')})`;
    let standIn = standIns.get(identity);
    if (standIn === undefined) {
      standIn = {
        name: freshName(`${name.value}__required_${standIns.size}`, types),
        fieldName: name.value,
        arguments: args,
      };
      standIns.set(identity, standIn);
    }
    for (const member of [type, ...implementersOf(type, types)]) {
      const place = `${member}.${name.value}`;
      additions.set(place, (additions.get(place) ?? new Set()).add(standIn));
    }
    return standIn;
  }

  function rewrite(selectionSet: SelectionSetNode, type: string, used: Set<string>): SelectionSetNode {
    const selections = selectionSet.selections.map((node): SelectionNode => {
      if (node.kind === Kind.FRAGMENT_SPREAD) return node;
      if (node.kind === Kind.INLINE_FRAGMENT) {
        return {
          ...node,
          selectionSet: rewrite(node.selectionSet, node.typeCondition?.name.value ?? type, used),
        };
      }
      const field = fieldOf(types, type, node.name.value);
      if (field === undefined) return node;
      const nested = node.selectionSet && rewrite(node.selectionSet, typeNameOf(field), used);
      if ((field.arguments ?? []).length === 0) return { ...node, selectionSet: nested };
      const { name } = standInFor(type, node);
      used.add(name);
      return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: name }, selectionSet: nested };
    });
    return { ...selectionSet, selections };
  }

  const rewriteRequires = (
    type: FieldsDefinition,
    field: FieldDefinitionNode,
    directive: ConstDirectiveNode,
  ): ConstDirectiveNode => {
    const requires = argumentOf(directive, 'requires');
    if (directive.name.value !== 'join__field' || typeof requires !== 'string') return directive;
    const used = new Set<string>();
    const selectionSet = rewrite(parseSelection(requires), type.name.value, used);
    if (used.size === 0) return directive;
    const place = `${argumentOf(directive, 'graph')}.${field.name.value}`;
    needs.set(place, (needs.get(place) ?? new Set()).union(used));
    const text = stripIgnoredCharacters(print(selectionSet)).slice(1, -1);
    const args = (directive.arguments ?? []).map((argument) =>
      argument.name.value === 'requires'
        ? { ...argument, value: { kind: Kind.STRING, value: text } as const }
        : argument,
    );
    return { ...directive, arguments: args };
  };

  const rewritten = document.definitions.map((node) =>
    isFieldsDefinition(node)
      ? {
          ...node,
          fields: node.fields?.map((field) => ({
            ...field,
            directives: field.directives?.map((directive) => rewriteRequires(node, field, directive)),
          })),
        }
      : node,
  );
  if (standIns.size === 0) return undefined;

  const definitions = rewritten.map((node) => {
    if (!isFieldsDefinition(node)) return node;
    const added = (node.fields ?? []).flatMap((field) =>
      [...(additions.get(`${node.name.value}.${field.name.value}`) ?? [])].map(({ name }) => ({
        ...field,
        name: { kind: Kind.NAME, value: name } as const,
        arguments: [],
      })),
    );
    return { ...node, fields: [...(node.fields ?? []), ...added] };
  });

  const graphs = graphsByName(document);
  const byName = new Map([...standIns.values()].map((standIn) => [standIn.name, standIn]));
  const realName = (name: string): string => byName.get(name)?.fieldName ?? name;
  return {
    document: { ...document, definitions },
    realNames: new Map([...byName].map(([name, { fieldName }]) => [name, fieldName])),
    restore(plan) {
      return mapFetches(plan, (fetch) => {
        const needed = (field: string) =>
          needs.get(`${graphs.get(fetch.serviceName)}.${field}`) ?? new Set<string>();
        const fetches = collides(fetch.requires ?? [], realName)
          ? splitFetch(fetch, needed, byName)
          : [fetch];
        const restored = fetches.map((one) => ({ ...one, operation: restoreText(one.operation, byName) }));
        const [only] = restored;
        return only !== undefined && restored.length === 1 ? only : { kind: 'Parallel', nodes: restored };
      });
    },
  };
}

function restoreText(operation: string, standIns: ReadonlyMap<string, StandIn>): string {
  if (![...standIns.keys()].some((name) => operation.includes(name))) return operation;
  const document = visit(parse(operation, { noLocation: true }), {
    Field(node) {
      const standIn = standIns.get(node.name.value);
      if (standIn === undefined) return undefined;
      const alias = node.alias ?? node.name;
      return {
        ...node,
        alias,
        name: { kind: Kind.NAME, value: standIn.fieldName },
        arguments: standIn.arguments,
      };
    },
  });
  return stripIgnoredCharacters(print(document));
}

/** Whether one object would carry a name twice. */
function collides(
  selections: readonly QueryPlanSelectionNode[],
  realName: (name: string) => string,
): boolean {
  const names = new Map<string, Set<string>>();
  const visitAll = (nodes: readonly QueryPlanSelectionNode[], path: string): void => {
    for (const node of nodes) {
      if (node.kind === 'InlineFragment') visitAll(node.selections, path);
      else {
        const place = `${path}.${realName(node.name)}`;
        names.set(place, (names.get(place) ?? new Set()).add(node.name));
        visitAll(node.selections ?? [], place);
      }
    }
  };
  visitAll(selections, '');
  return [...names.values()].some((variants) => variants.size > 1);
}

/**
 * A representation carries a field once, so fields that need it with different arguments are fetched one by one, each
 * with what it needs.
 */
function splitFetch(
  fetch: FetchNode,
  needed: (field: string) => ReadonlySet<string>,
  standIns: ReadonlyMap<string, StandIn>,
): FetchNode[] {
  const document = parse(fetch.operation, { noLocation: true });
  const groups = new Map<string, Set<string>>();
  const atEntity = entityFields(document);
  for (const name of atEntity) {
    const key = [...needed(name)].sort().join(' ');
    groups.set(key, (groups.get(key) ?? new Set()).add(name));
  }
  return [...groups].map(([key, fields]) => {
    const wanted = new Set(key.split(' '));
    return {
      ...fetch,
      operation: keepFields(document, fields),
      requires: pruneRequires(fetch.requires ?? [], (name) => !standIns.has(name) || wanted.has(name)),
    };
  });
}

function entityFields(document: DocumentNode): Set<string> {
  const names = new Set<string>();
  visitEntityFields(document, (node) => {
    names.add(node.name.value);
    return true;
  });
  return names;
}

/** Prints the operation with only those fields of the entities. */
function keepFields(document: DocumentNode, names: ReadonlySet<string>): string {
  const kept = visitEntityFields(document, (node) => names.has(node.name.value));
  return stripIgnoredCharacters(print(kept));
}

/** Fields of an entity stand one field deep, under `_entities`, whatever fragments are around them. */
function visitEntityFields(document: DocumentNode, keep: (node: FieldNode) => boolean): DocumentNode {
  let depth = 0;
  return visit(document, {
    Field: {
      enter(node) {
        depth += 1;
        if (depth !== 2 || keep(node)) return undefined;
        depth -= 1;
        return null;
      },
      leave() {
        depth -= 1;
      },
    },
    InlineFragment: {
      leave: (node) => (node.selectionSet.selections.length === 0 ? null : undefined),
    },
  });
}

function pruneRequires(
  nodes: readonly QueryPlanSelectionNode[],
  keep: (name: string) => boolean,
): QueryPlanSelectionNode[] {
  return nodes.flatMap((node): QueryPlanSelectionNode[] => {
    if (node.kind === 'InlineFragment')
      return [{ ...node, selections: pruneRequires(node.selections, keep) }];
    if (!keep(node.name)) return [];
    if (node.selections === undefined) return [node];
    const selections = pruneRequires(node.selections, keep);
    const field: QueryPlanFieldNode = { ...node, selections };
    return selections.length === 0 ? [] : [field];
  });
}

export function mapFetches(node: PlanNode, map: (fetch: FetchNode) => PlanNode): PlanNode {
  switch (node.kind) {
    case 'Fetch':
      return map(node);
    case 'Flatten':
      return { ...node, node: mapFetches(node.node, map) };
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((child) => mapFetches(child, map)) };
    case 'Condition':
      return {
        ...node,
        ifClause: node.ifClause && mapFetches(node.ifClause, map),
        elseClause: node.elseClause && mapFetches(node.elseClause, map),
      };
    case 'Defer':
      return node;
  }
}

function fieldOf(
  types: ReadonlyMap<string, FieldsDefinition>,
  type: string,
  name: string,
): FieldDefinitionNode | undefined {
  return types.get(type)?.fields?.find((field) => field.name.value === name);
}

function implementersOf(type: string, types: ReadonlyMap<string, FieldsDefinition>): string[] {
  return [...types.values()]
    .filter(({ interfaces = [] }) => interfaces.some(({ name }) => name.value === type))
    .map(({ name }) => name.value);
}

function freshName(wanted: string, types: ReadonlyMap<string, FieldsDefinition>): string {
  let name = wanted;
  while ([...types.values()].some(({ fields = [] }) => fields.some((field) => field.name.value === name)))
    name += '_';
  return name;
}

/** The names of `join__Graph` by the names of the subgraphs. */
function graphsByName(document: DocumentNode): Map<string, string> {
  const graphs = new Map<string, string>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== 'join__Graph') continue;
    for (const value of node.values ?? []) {
      const [graph] = directivesNamed(value, 'join__graph');
      if (graph !== undefined) graphs.set(String(argumentOf(graph, 'name')), value.name.value);
    }
  }
  return graphs;
}
