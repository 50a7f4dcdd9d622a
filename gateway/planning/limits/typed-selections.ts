// Planning: how much an operation asks for once for each type that an object may have. What is asked of an interface with
// hundreds of types is planned and compiled for every one of them.
import {
  type DocumentNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** Fields, each as often as it is reached and as there are object types that it may be asked of. The document is valid. */
export function countTypedSelections(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): number {
  const fragments = new Map<string, { readonly type: string; readonly selectionSet: SelectionSetNode }>();
  for (const node of document.definitions) {
    if (node.kind !== Kind.FRAGMENT_DEFINITION) continue;
    fragments.set(node.name.value, { type: node.typeCondition.name.value, selectionSet: node.selectionSet });
  }
  const typesOf = (type: GraphQLNamedType) =>
    isAbstractType(type) ? schema.getPossibleTypes(type).length : 1;
  const counted = new Map<SelectionSetNode, Map<string, number>>();

  /** @param types that the objects may have at most */
  function count(selectionSet: SelectionSetNode, type: GraphQLNamedType, types: number): number {
    let sums = counted.get(selectionSet);
    if (sums === undefined) counted.set(selectionSet, (sums = new Map()));
    const place = `${type.name} ${types}`;
    const known = sums.get(place);
    if (known !== undefined) return known;
    let sum = 0;
    for (const node of selectionSet.selections) {
      if (node.kind === Kind.FIELD) {
        sum += types;
        const inner = fieldType(type, node.name.value);
        if (node.selectionSet !== undefined && inner !== undefined)
          sum += count(node.selectionSet, inner, typesOf(inner));
        continue;
      }
      const isSpread = node.kind === Kind.FRAGMENT_SPREAD;
      const fragment = isSpread
        ? fragments.get(node.name.value)
        : { type: node.typeCondition?.name.value ?? type.name, selectionSet: node.selectionSet };
      const narrowed = fragment && schema.getType(fragment.type);
      if (narrowed) sum += count(fragment.selectionSet, narrowed, Math.min(types, typesOf(narrowed)));
    }
    sums.set(place, sum);
    return sum;
  }

  const root = schema.getRootType(operation.operation);
  return root == null ? 0 : count(operation.selectionSet, root, 1);
}

/** `undefined` for what is not in the schema by itself, such as `__schema`. */
function fieldType(type: GraphQLNamedType, name: string): GraphQLNamedType | undefined {
  if (!isObjectType(type) && !isInterfaceType(type)) return undefined;
  const field = type.getFields()[name];
  return field && getNamedType(field.type);
}
