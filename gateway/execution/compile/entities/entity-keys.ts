// Read once a supergraph: which fields identify an entity in which subgraph, and which types are of a type.
import {
  getNamedType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';
import type { ConstDirectiveNode, DefinitionNode, SelectionNode } from 'graphql';
import type { FetchDocument } from '#gateway/execution/compile/steps/fetch-document.ts';

/** What representations are built from, besides the plan. */
export interface EntityTypes {
  /** Every name that `__typename` may have for an object of the type: interfaces too, because of `@interfaceObject`. */
  namesOf(type: string): readonly string[];
  /** The resolvable `@key`s by which the subgraph knows the type. */
  keysOf(subgraph: string, type: string): readonly SelectionSetNode[];
  readonly interfaces: ReadonlySet<string>;
  /** The named type of a field as the subgraph knows it, which may be more exact than the supergraph's. */
  fieldType(subgraph: string, type: string, field: string): string | undefined;
  /** The same as the supergraph knows it. */
  joinedFieldType(type: string, field: string): string | undefined;
  isObjectType(type: string): boolean;
  /** Whether the field, if it is a leaf, is of a built-in scalar or an enum. */
  isBuiltInLeaf(type: string, field: string): boolean;
  /** Whether all leaves of a fetch are of built-in scalars or enums. Its answer then has no number that needs its text. */
  hasBuiltInLeaves(fetch: Pick<FetchDocument, 'selectionSet' | 'rootType'>): boolean;
}

/** How entities are named to subgraphs. */
export interface EntityNaming {
  readonly types: EntityTypes;
  /** The name by which a representation carries a field of the plan's `requires`. */
  sentName(field: string): string;
}

/** @param schema the whole supergraph, inaccessible types included */
export function createEntityTypes(sdl: string, schema: GraphQLSchema): EntityTypes {
  const { definitions } = parse(sdl, { noLocation: true });
  const graphs = readGraphs(definitions);
  const keys = readKeys(definitions, graphs);
  const ownTypes = readFieldTypes(definitions, graphs);
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
    isBuiltInLeaf(type, field) {
      const found = schema.getType(fieldTypeOf(schema, type, field) ?? '');
      return (
        field === '__typename' || isEnumType(found) || (isScalarType(found) && isSpecifiedScalarType(found))
      );
    },
    fieldType: (subgraph, type, field) =>
      ownTypes.get(`${subgraph}\n${type}.${field}`) ?? fieldTypeOf(schema, type, field),
    joinedFieldType: (type, field) => fieldTypeOf(schema, type, field),
    isObjectType: (type) => isObjectType(schema.getType(type)),
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

function fieldTypeOf(schema: GraphQLSchema, typeName: string, field: string): string | undefined {
  const type = schema.getType(typeName);
  const found = isObjectType(type) || isInterfaceType(type) ? type.getFields()[field] : undefined;
  return found === undefined ? undefined : getNamedType(found.type).name;
}

function subtypes(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  if (!isAbstractType(type)) return [name];
  return Object.values(schema.getTypeMap())
    .filter((other) => (isObjectType(other) || isInterfaceType(other)) && schema.isSubType(type, other))
    .map((other) => other.name)
    .concat(name);
}

type Definitions = readonly DefinitionNode[];

/** From the names of `join__Graph` to the subgraphs' own. */
function readGraphs(definitions: Definitions): ReadonlyMap<string, string> {
  const graphs = new Map<string, string>();
  for (const definition of definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue;
    for (const value of definition.values ?? []) {
      const graph = value.directives?.find(({ name }) => name.value === 'join__graph');
      if (graph !== undefined) graphs.set(value.name.value, String(argument(graph, 'name')));
    }
  }
  return graphs;
}

function readKeys(
  definitions: Definitions,
  graphs: ReadonlyMap<string, string>,
): Map<string, SelectionSetNode[]> {
  const keys = new Map<string, SelectionSetNode[]>();
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

/** Where composition has made fields of several types one: the type by subgraph, type and field. */
function readFieldTypes(
  definitions: Definitions,
  graphs: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const definition of definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      continue;
    for (const field of definition.fields ?? []) {
      for (const directive of field.directives ?? []) {
        const type = directive.name.value === 'join__field' ? argument(directive, 'type') : undefined;
        if (typeof type !== 'string') continue;
        const place = `${graphs.get(String(argument(directive, 'graph')))}\n${definition.name.value}`;
        found.set(`${place}.${field.name.value}`, type.replaceAll(/[[\]!\s]/g, ''));
      }
    }
  }
  return found;
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
