// Read once a supergraph: which fields identify an entity in which subgraph, and which types are of a type.
import {
  getNamedType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import type { ConstDirectiveNode, SelectionNode } from 'graphql';
import type { FetchDocument } from './fetch-document.ts';

/** What representations are built from, besides the plan. */
export interface EntityTypes {
  /** Every name that `__typename` may have for an object of the type: interfaces too, because of `@interfaceObject`. */
  namesOf(type: string): readonly string[];
  /** The resolvable `@key`s by which the subgraph knows the type. */
  keysOf(subgraph: string, type: string): readonly SelectionSetNode[];
  readonly interfaces: ReadonlySet<string>;
  /** Whether all leaves of a fetch are of built-in scalars or enums. Its answer then has no number that needs its text. */
  hasBuiltInLeaves(fetch: Pick<FetchDocument, 'selectionSet' | 'rootType'>): boolean;
}

/** @param schema the whole supergraph, inaccessible types included */
export function createEntityTypes(sdl: string, schema: GraphQLSchema): EntityTypes {
  const keys = readKeys(sdl);
  const names = new Map<string, readonly string[]>();
  return {
    namesOf(type) {
      let found = names.get(type);
      if (found === undefined) names.set(type, (found = subtypes(schema, type)));
      return found;
    },
    interfaces: new Set(
      Object.values(schema.getTypeMap())
        .filter(isInterfaceType)
        .map(({ name }) => name),
    ),
    hasBuiltInLeaves: ({ selectionSet, rootType }) => hasBuiltInLeaves(schema, selectionSet, rootType),
    keysOf: (subgraph, type) => keys.get(`${subgraph}\n${type}`) ?? [],
  };
}

function hasBuiltInLeaves(
  schema: GraphQLSchema,
  { selections }: SelectionSetNode,
  typeName: string | undefined,
): boolean {
  const type = typeName === undefined ? undefined : schema.getType(typeName);
  return selections.every((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return false;
    if (node.kind === Kind.INLINE_FRAGMENT)
      return hasBuiltInLeaves(schema, node.selectionSet, node.typeCondition?.name.value ?? typeName);
    if (node.name.value === '__typename') return true;
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
    // What is not known may be anything.
    if (field === undefined) return false;
    const inner = getNamedType(field.type);
    return node.selectionSet === undefined
      ? isEnumType(inner) || isSpecifiedScalarType(inner)
      : hasBuiltInLeaves(schema, node.selectionSet, inner.name);
  });
}

function subtypes(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  if (!isAbstractType(type)) return [name];
  return Object.values(schema.getTypeMap())
    .filter((other) => (isObjectType(other) || isInterfaceType(other)) && schema.isSubType(type, other))
    .map((other) => other.name)
    .concat(name);
}

function readKeys(sdl: string): Map<string, SelectionSetNode[]> {
  const graphs = new Map<string, string>();
  const keys = new Map<string, SelectionSetNode[]>();
  const { definitions } = parse(sdl, { noLocation: true });
  for (const definition of definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const value of definition.values ?? []) {
      const graph = value.directives?.find(({ name }) => name.value === 'join__graph');
      if (graph !== undefined) graphs.set(value.name.value, String(argument(graph, 'name')));
    }
  }
  for (const definition of definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      continue;
    for (const directive of definition.directives ?? []) {
      if (directive.name.value !== 'join__type') continue;
      const key = argument(directive, 'key');
      if (typeof key !== 'string' || argument(directive, 'resolvable') === false) continue;
      const place = `${graphs.get(String(argument(directive, 'graph')))}\n${definition.name.value}`;
      keys.set(place, [...(keys.get(place) ?? []), parseFieldSet(key)]);
    }
  }
  return keys;
}

function argument(directive: ConstDirectiveNode, name: string): string | boolean | undefined {
  const value = directive.arguments?.find((node) => node.name.value === name)?.value;
  return value !== undefined && 'value' in value ? value.value : undefined;
}

/** A field set as in `@key(fields:)`, parsed. */
export function parseFieldSet(fields: string): SelectionSetNode {
  const [definition] = parse(`{${fields}}`, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`${fields} is no field set`);
  return definition.selectionSet;
}

/** The fields among the selections. */
export function fieldsOf(selections: readonly SelectionNode[]) {
  return selections.filter((selection) => selection.kind === Kind.FIELD);
}
