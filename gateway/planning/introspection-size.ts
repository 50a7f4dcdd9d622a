// Planning: how much of the schema an operation asks for. Introspection is answered on the event loop, and what it answers
// goes by the schema's size, times the operation's.
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getIntrospectionQuery,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isWrappingType,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql';

/** Beside what the usual query asks for; a small schema is no reason to be strict. */
const ALWAYS_ALLOWED = 10_000;
const USUAL_QUERY = getIntrospectionQuery({
  descriptions: true,
  inputValueDeprecation: true,
  oneOf: true,
  schemaDescription: true,
  directiveIsRepeatable: true,
  specifiedByUrl: true,
});
const usual = new WeakMap<GraphQLSchema, number>();

/** As much as the usual introspection query asks for, and some more. */
export function mostIntrospection(schema: GraphQLSchema): number {
  let most = usual.get(schema);
  if (most === undefined) {
    const document = parse(USUAL_QUERY, { noLocation: true });
    const [operation] = document.definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('the query comes first');
    most = countIntrospection(schema, document, operation, Infinity) + ALWAYS_ALLOWED;
    usual.set(schema, most);
  }
  return most;
}

/**
 * Values in the answers to the `__schema` and `__type` fields of an operation, whose document is valid; `Infinity` when
 * they are more than `most`, which is not looked into further. Counts what a condition may leave out, too.
 */
export function countIntrospection(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  most: number,
): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  /** The fields of a set, asked of a part of the schema, to which many ways lead. */
  const counted = new Map<SelectionSetNode, Map<object, number>>();
  let looks = 0;

  function innerOf(node: SelectionSetNode['selections'][number]): SelectionSetNode | undefined {
    return node.kind === Kind.FRAGMENT_SPREAD
      ? fragments.get(node.name.value)?.selectionSet
      : node.selectionSet;
  }

  function count(set: SelectionSetNode, part: object): number {
    let sums = counted.get(set);
    if (sums === undefined) counted.set(set, (sums = new Map()));
    const known = sums.get(part);
    if (known !== undefined) return known;
    let sum = 0;
    for (const node of set.selections) {
      looks += 1;
      if (looks > most || sum > most) return Infinity;
      const inner = innerOf(node);
      if (node.kind !== Kind.FIELD) sum += inner === undefined ? 0 : count(inner, part);
      else sum += 1 + (inner === undefined ? 0 : total(inner, partsOf(schema, part, node.name.value)));
    }
    sums.set(part, sum);
    return sum;
  }

  function total(set: SelectionSetNode, parts: readonly object[]): number {
    let sum = 0;
    for (const part of parts) sum += looks > most ? Infinity : count(set, part);
    return sum;
  }

  /** Of any type, where a variable says of which. */
  function largest(set: SelectionSetNode): number {
    let sum = 0;
    for (const type of Object.values(schema.getTypeMap())) sum = Math.max(sum, count(set, type));
    return sum;
  }

  function ofRoot(root: SelectionSetNode): number {
    let sum = 0;
    for (const node of root.selections) {
      const inner = innerOf(node);
      if (inner === undefined) continue;
      if (node.kind !== Kind.FIELD) sum += ofRoot(inner);
      else if (node.name.value === '__schema') sum += count(inner, schema);
      else if (node.name.value === '__type') {
        const name = node.arguments?.[0]?.value;
        const type = name?.kind === Kind.STRING ? schema.getType(name.value) : undefined;
        if (name?.kind !== Kind.STRING) sum += largest(inner);
        else if (type != null) sum += count(inner, type);
      }
    }
    return sum <= most ? sum : Infinity;
  }

  return ofRoot(operation.selectionSet);
}

/** Where a field of introspection leads from a part of the schema. */
function partsOf(schema: GraphQLSchema, part: object, field: string): readonly object[] {
  switch (field) {
    case 'types':
      return Object.values(schema.getTypeMap());
    case 'directives':
      return schema.getDirectives();
    case 'queryType':
      return [schema.getQueryType()].filter((type) => type != null);
    case 'mutationType':
      return [schema.getMutationType()].filter((type) => type != null);
    case 'subscriptionType':
      return [schema.getSubscriptionType()].filter((type) => type != null);
    case 'fields':
      return isObjectType(part) || isInterfaceType(part) ? Object.values(part.getFields()) : [];
    case 'inputFields':
      return isInputObjectType(part) ? Object.values(part.getFields()) : [];
    case 'interfaces':
      return isObjectType(part) || isInterfaceType(part) ? part.getInterfaces() : [];
    case 'possibleTypes':
      return isAbstractType(part) ? schema.getPossibleTypes(part) : [];
    case 'enumValues':
      return isEnumType(part) ? part.getValues() : [];
    case 'ofType':
      return isWrappingType(part) ? [part.ofType] : [];
    case 'args':
      return 'args' in part && Array.isArray(part.args) ? part.args : [];
    default:
      // The type of a field, of an argument, of an input field.
      return 'type' in part && typeof part.type === 'object' && part.type !== null ? [part.type] : [];
  }
}
