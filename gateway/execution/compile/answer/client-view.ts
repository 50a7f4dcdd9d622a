// Compiling: what the client asked for, type by type, with every condition known.
import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { included } from '#gateway/execution/compile/conditions.ts';

/** One entry of an object of the answer. */
export interface ViewField {
  /** In the merged tree. Differs from `name` only where planning had to use an alias of its own. */
  readonly key: string;
  /** In the answer. */
  readonly name: string;
  /** In the schema. */
  readonly fieldName: string;
  readonly kind: 'typename' | 'introspection' | 'leaf' | 'object';
  /** The type by the API schema; for `__typename` and introspection that of the meta field. */
  readonly type: GraphQLOutputType | undefined;
  /** What is selected of it, for an object. */
  readonly selections: Selections | undefined;
  readonly nodes: readonly FieldNode[];
}

/** Selection sets that are merged because they stand under the same response name. One object for one list of them. */
export interface Selections {
  readonly id: number;
  readonly sets: readonly SelectionSetNode[];
  readonly type: GraphQLCompositeType;
}

export interface ClientView {
  readonly schema: GraphQLSchema;
  readonly root: Selections;
  /** The entries of an object of the answer in their order. `typename` may be an interface's, see `@interfaceObject`. */
  fields(selections: Selections, typename: string): readonly ViewField[];
  /** The entries that objects of the answer may have, over all types. */
  everyField(selections: Selections): readonly ViewField[];
}

export interface ViewOptions {
  readonly schema: GraphQLSchema;
  readonly operation: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** The values of the variables that `@skip` and `@include` use. */
  readonly conditions: ReadonlyMap<string, boolean>;
  /** From the aliases that planning gave to the client's response names. */
  readonly clientNames: ReadonlyMap<string, string>;
}

/** Collects fields as "CollectFields" of the specification does, once for each type instead of once for each object. */
export function createClientView(options: ViewOptions): ClientView {
  const { schema, operation, fragments, conditions, clientNames } = options;
  const setIds = new Map<SelectionSetNode, number>();
  const interned = new Map<string, Selections>();
  const collected = new Map<string, readonly ViewField[]>();

  function intern(sets: readonly SelectionSetNode[], type: GraphQLCompositeType): Selections {
    const key = [...sets.map((set) => idOf(set, setIds)), type.name].join(' ');
    let selections = interned.get(key);
    if (selections === undefined) interned.set(key, (selections = { id: interned.size, sets, type }));
    return selections;
  }

  function collect(sets: readonly SelectionSetNode[], typename: string): Map<string, FieldNode[]> {
    const grouped = new Map<string, FieldNode[]>();
    const visited = new Set<string>();
    const visit = (selection: SelectionNode): void => {
      if (!included(selection, conditions)) return;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        grouped.set(key, [...(grouped.get(key) ?? []), selection]);
        return;
      }
      const spread = selection.kind === Kind.FRAGMENT_SPREAD;
      if (spread && visited.has(selection.name.value)) return;
      if (spread) visited.add(selection.name.value);
      const fragment = spread ? fragments.get(selection.name.value) : selection;
      const condition = fragment?.typeCondition?.name.value;
      if (fragment === undefined || !applies(schema, condition, typename)) return;
      fragment.selectionSet.selections.forEach(visit);
    };
    for (const set of sets) set.selections.forEach(visit);
    return grouped;
  }

  function viewField(key: string, nodes: readonly FieldNode[], typename: string): ViewField {
    const fieldName = nodes[0]?.name.value ?? '';
    const name = clientNames.get(key) ?? key;
    const entry = { key, name, fieldName, nodes, selections: undefined };
    if (fieldName === '__typename') return { ...entry, kind: 'typename', type: undefined };
    const meta =
      fieldName === '__schema' ? SchemaMetaFieldDef : fieldName === '__type' ? TypeMetaFieldDef : undefined;
    if (meta !== undefined) return { ...entry, kind: 'introspection', type: meta.type };
    const parent = schema.getType(typename);
    const type =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[fieldName]?.type : undefined;
    if (type === undefined) throw new Error(`the API schema has no field ${typename}.${fieldName}`);
    const named = getNamedType(type);
    if (!isCompositeType(named)) return { ...entry, kind: 'leaf', type };
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return { ...entry, kind: 'object', type, selections: intern(sets, named) };
  }

  const rootType = schema.getRootType(operation.operation);
  if (rootType == null) throw new Error(`the API schema has no ${operation.operation} type`);
  function fields(selections: Selections, typename: string): readonly ViewField[] {
    const key = `${selections.id} ${typename}`;
    let found = collected.get(key);
    if (found === undefined) {
      found = [...collect(selections.sets, typename)].map(([name, nodes]) =>
        viewField(name, nodes, typename),
      );
      collected.set(key, found);
    }
    return found;
  }

  return {
    schema,
    root: intern([operation.selectionSet], rootType),
    fields,
    everyField: (selections) =>
      visibleTypenames(schema, selections.type).flatMap((typename) => fields(selections, typename)),
  };
}

/** The names that `__typename` may have for an object of the type, as far as clients may see it. */
export function visibleTypenames(schema: GraphQLSchema, type: GraphQLCompositeType): string[] {
  if (!isAbstractType(type)) return [type.name];
  if (!isInterfaceType(type)) return schema.getPossibleTypes(type).map(({ name }) => name);
  const { objects, interfaces } = schema.getImplementations(type);
  return [type, ...objects, ...interfaces].map(({ name }) => name);
}

function applies(schema: GraphQLSchema, condition: string | undefined, typename: string): boolean {
  if (condition === undefined || condition === typename) return true;
  const type = schema.getType(typename);
  const conditional = schema.getType(condition);
  return (
    isAbstractType(conditional) &&
    (isObjectType(type) || isInterfaceType(type)) &&
    schema.isSubType(conditional, type)
  );
}

function idOf(set: SelectionSetNode, ids: Map<SelectionSetNode, number>): number {
  let id = ids.get(set);
  if (id === undefined) ids.set(set, (id = ids.size));
  return id;
}
