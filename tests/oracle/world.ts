// What is true in a random world: every field of every object has one value, whichever subgraph is asked for it.
import {
  type FieldNode,
  getNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';
import { createRandom, hash } from './random.ts';

/** An object of the world. Two with the same key are the same. */
export interface Thing {
  readonly __typename: string;
  readonly key: string;
  /** Identifies an entity, so it is complete and never fails. */
  readonly solid?: boolean;
  /** What a subgraph was told of it. */
  readonly told?: Readonly<Record<string, unknown>>;
  /** Whom it was reached through. */
  readonly parent?: Thing;
}

export interface WorldOptions {
  readonly seed: number;
  /** Percent of the nullable values that are null. */
  readonly nulls: number;
  /** Percent of the fields that fail. */
  readonly failures: number;
}

/** What the subgraphs' schemas say of one field that needs others. */
export interface Requirement {
  /** Of `@requires`. */
  readonly needs?: SelectionSetNode;
  /** Arguments that come from above, of `@fromContext`. */
  readonly contexts: readonly {
    readonly argument: string;
    readonly type: string;
    readonly fields: SelectionSetNode;
  }[];
}

export interface Laws {
  readonly schema: GraphQLSchema;
  /** Types that share their identities: an entity interface with its members, or a single type. */
  spaceOf(type: string): string | undefined;
  /** Key fields by type. */
  isKeyField(type: string, field: string): boolean;
  /** The types that every subgraph agrees on for an abstract type. */
  membersOf(abstract: string): readonly string[];
  requirementOf(type: string, field: string): Requirement | undefined;
}

export interface World {
  /** Whether fields fail at all. */
  readonly failing: boolean;
  readonly root: (type: string) => Thing;
  /** Throws a {@link WorldFailure} where the field fails. */
  value(
    owner: Thing,
    field: string,
    type: GraphQLOutputType,
    args: Readonly<Record<string, unknown>>,
  ): unknown;
  /** The entity that a representation names. */
  entity(
    type: string,
    keys: readonly SelectionSetNode[],
    representation: Readonly<Record<string, unknown>>,
  ): Thing | null;
}

export class WorldFailure extends Error {}

/** So many entities of each space: few, so that they meet again and again. */
const POPULATION = 4;

export function createWorld(laws: Laws, { seed, nulls, failures }: WorldOptions): World {
  const { schema } = laws;

  function dice(key: string) {
    return createRandom(hash(`${seed} ${key}`));
  }

  function typesOf(space: string): readonly string[] {
    const type = schema.getType(space);
    return isInterfaceType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [space];
  }

  function population(type: string): Thing[] {
    const space = laws.spaceOf(type) ?? type;
    const types = typesOf(space);
    return Array.from({ length: POPULATION }, (_, n) => ({
      __typename: types[n % types.length] ?? space,
      key: `${space}#${n}`,
    })).filter((thing) => type === space || thing.__typename === type);
  }

  function objectOf(type: string, key: string, parent: Thing, solid: boolean): Thing {
    if (type === 'Query') return { __typename: type, key: type };
    const random = dice(`${key} object`);
    const named = schema.getType(type);
    const concrete =
      isAbstractType(named) && laws.spaceOf(type) === undefined
        ? dice(`${key} type`).pick(laws.membersOf(type))
        : type;
    if (laws.spaceOf(concrete) !== undefined && !solid)
      return { ...random.pick(population(concrete)), parent };
    return { __typename: concrete, key, parent, ...(solid && { solid }) };
  }

  function leaf(type: string, key: string, solid: boolean, index: string): unknown {
    const random = dice(key);
    const named = schema.getType(type);
    if (isEnumType(named)) return random.pick(named.getValues()).name;
    switch (type) {
      case 'Int':
        return solid ? Number(index) : random.below(9) - 1;
      case 'Float':
        return random.below(40) / 4;
      case 'Boolean':
        return random.chance(50);
      case 'ID':
      case 'String':
        return solid
          ? `${key.slice(key.indexOf('.') + 1)}-${index}`
          : random.pick(['', 'a', 'b "q" \\', `${type}-${random.below(50)}`]);
      default:
        return random.pick([{ nested: [1, { deep: null }] }, [], 'text', 0, { __proto: 1 }]);
    }
  }

  function make(type: GraphQLOutputType, key: string, owner: Thing, solid: boolean): unknown {
    if (isNonNullType(type)) return present(type.ofType, key, owner, solid);
    return !solid && dice(`${key} null`).chance(nulls) ? null : present(type, key, owner, solid);
  }

  function present(type: GraphQLOutputType, key: string, owner: Thing, solid: boolean): unknown {
    if (isListType(type)) {
      return Array.from({ length: dice(`${key} length`).below(4) }, (_, n) =>
        make(type.ofType, `${key}.${n}`, owner, solid),
      );
    }
    const { name } = getNamedType(type);
    if (isCompositeType(getNamedType(type))) return objectOf(name, key, owner, solid);
    const index = owner.key.slice(owner.key.indexOf('#') + 1).replace(/\..*/, '');
    return leaf(name, key, solid, index);
  }

  /** What the field needs of its own object, as it is told or as it truly is. */
  function needed(owner: Thing, needs: SelectionSetNode): unknown {
    return owner.told === undefined ? truth(owner, needs) : select(owner.told, needs);
  }

  function truth(owner: Thing, { selections }: SelectionSetNode): unknown {
    const fields = selections.filter((node): node is FieldNode => node.kind === Kind.FIELD);
    return Object.fromEntries(fields.map((node) => [node.name.value, trueField(owner, node)]));
  }

  function trueField(owner: Thing, node: FieldNode): unknown {
    const type = schema.getType(owner.__typename);
    const field = isObjectType(type) ? type.getFields()[node.name.value] : undefined;
    if (field === undefined) throw new Error(`no field ${owner.__typename}.${node.name.value}`);
    const args: Record<string, unknown> = Object.fromEntries(
      field.args.flatMap(({ name, defaultValue }) =>
        defaultValue === undefined ? [] : [[name, defaultValue]],
      ),
    );
    for (const { name, value } of node.arguments ?? []) args[name.value] = valueFromASTUntyped(value);
    const inner = (item: unknown): unknown =>
      Array.isArray(item)
        ? item.map(inner)
        : item === null || node.selectionSet === undefined
          ? item
          : truth(item as Thing, node.selectionSet);
    try {
      return inner(value(owner, node.name.value, field.type, args));
    } catch (error) {
      if (error instanceof WorldFailure) return null;
      throw error;
    }
  }

  /** Above a thing, the value that `@fromContext` finds. */
  function fromAbove(owner: Thing, type: string, fields: SelectionSetNode): unknown {
    for (let above = owner.parent; above !== undefined; above = above.parent) {
      if (above.__typename !== type) continue;
      let found: unknown = truth(above, fields);
      while (typeof found === 'object' && found !== null) found = Object.values(found)[0];
      return found;
    }
    return undefined;
  }

  function value(
    owner: Thing,
    field: string,
    type: GraphQLOutputType,
    given: Readonly<Record<string, unknown>>,
  ): unknown {
    const solid = owner.solid === true || laws.isKeyField(owner.__typename, field);
    const requirement = laws.requirementOf(owner.__typename, field);
    const args: Record<string, unknown> = { ...given };
    for (const { argument, type: above, fields } of requirement?.contexts ?? []) {
      if (!(argument in args)) args[argument] = fromAbove(owner, above, fields) ?? null;
    }
    let key = `${owner.key}.${field}`;
    const used = Object.entries(args).filter(([, argument]) => argument !== undefined);
    if (used.length > 0) key += JSON.stringify(used.sort(([a], [b]) => (a < b ? -1 : 1)));
    if (requirement?.needs !== undefined) key += JSON.stringify(needed(owner, requirement.needs));
    if (!solid && dice(`${key} failure`).chance(failures))
      throw new WorldFailure(`${field} of ${owner.key} failed`);
    return make(type, key, owner, solid);
  }

  function matches(thing: Thing, { selections }: SelectionSetNode, told: unknown): boolean {
    if (typeof told !== 'object' || told === null) return false;
    return selections.every((node) => {
      if (node.kind !== Kind.FIELD) return false;
      const claimed = (told as Record<string, unknown>)[node.name.value];
      const type = schema.getType(thing.__typename);
      const field = isObjectType(type) ? type.getFields()[node.name.value] : undefined;
      if (field === undefined) return false;
      const actual = value(thing, node.name.value, field.type, {});
      return node.selectionSet === undefined
        ? actual === claimed
        : matchesAll(actual, node.selectionSet, claimed);
    });
  }

  function matchesAll(actual: unknown, selection: SelectionSetNode, told: unknown): boolean {
    if (!Array.isArray(actual)) return matches(actual as Thing, selection, told);
    if (!Array.isArray(told) || told.length !== actual.length) return false;
    return actual.every((item, index) => matchesAll(item, selection, told[index]));
  }

  return {
    failing: failures > 0,
    root: (type) => ({ __typename: type, key: type }),
    value,
    entity(type, keys, representation) {
      const found = population(type).find((thing) => keys.some((key) => matches(thing, key, representation)));
      return found === undefined ? null : { ...found, told: representation };
    },
  };
}

function select(told: unknown, { selections }: SelectionSetNode): unknown {
  if (Array.isArray(told)) return told.map((item) => select(item, { kind: Kind.SELECTION_SET, selections }));
  if (typeof told !== 'object' || told === null) return told ?? null;
  const fields = selections.filter((node): node is FieldNode => node.kind === Kind.FIELD);
  return Object.fromEntries(
    fields.map(({ name, selectionSet }) => {
      const item = (told as Record<string, unknown>)[name.value];
      return [
        name.value,
        selectionSet === undefined ? (item === undefined ? 'NOT TOLD' : item) : select(item, selectionSet),
      ];
    }),
  );
}

export function parseSelection(fields: string): SelectionSetNode {
  const [definition] = parse(`{${fields}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${fields} is no field set`);
  return definition.selectionSet;
}
