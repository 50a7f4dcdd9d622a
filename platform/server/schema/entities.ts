import {
  coerceInputValue,
  getNamedType,
  GraphQLError,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isInputType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql';

/** More than any page of a list brings together; each one is a key in a statement. */
const REPRESENTATIONS_AT_MOST = 10_000;

type Reference = Readonly<Record<string, unknown>>;
interface Key {
  readonly fields: readonly string[];
  /** Null where the reference does not carry the key, or carries something else in its place. */
  read(reference: Reference): Reference | null;
}

/**
 * Lets `_entities` answer each representation by itself: one that is malformed is an error at its own place, with the
 * code INVALID_REPRESENTATION, and whatever is thrown over one, at once or later, is that one's alone. (As it comes,
 * something thrown at once abandons the promises of those before it, and their rejection ends the process.)
 * Values of keys reach `__resolveReference` as their types coerce them.
 */
export function guardEntities(schema: GraphQLSchema): void {
  const field = schema.getQueryType()?.getFields()['_entities'];
  const entity = schema.getType('_Entity');
  if (field?.resolve === undefined || !isUnionType(entity)) return;
  const { resolve } = field;
  const entities = new Map(entity.getTypes().map((type) => [type.name, { type, keys: keysOf(type) }]));
  /** By the request's context: a document may ask for `_entities` many times. */
  const counts = new WeakMap<object, number>();

  async function resolveOne(
    source: unknown,
    representation: unknown,
    context: object,
    info: GraphQLResolveInfo,
  ): Promise<unknown> {
    const reference = asReference(representation);
    const known = entities.get(String(reference['__typename']));
    if (known === undefined)
      throw invalid('A representation names an entity of this subgraph in __typename.');
    const whole = onlyWholeKeys(known.keys, reference);
    if (whole === null) throw invalid(`A representation of ${known.type.name} carries one of its keys.`);
    const resolved: unknown = await resolve(source, { representations: [whole] }, context, info);
    return Array.isArray(resolved) ? resolved[0] : null;
  }

  field.resolve = (source, { representations }: { representations: readonly unknown[] }, context, info) => {
    const count = (counts.get(context) ?? 0) + representations.length;
    counts.set(context, count);
    if (count > REPRESENTATIONS_AT_MOST) {
      throw new GraphQLError(`A request brings at most ${REPRESENTATIONS_AT_MOST} representations.`, {
        extensions: { code: 'TOO_MANY_REPRESENTATIONS' },
      });
    }
    return representations.map((representation) => resolveOne(source, representation, context, info));
  };
}

function asReference(representation: unknown): Reference {
  if (typeof representation === 'object' && representation !== null) return { ...representation };
  throw invalid('A representation is an object.');
}

/** The reference with its keys as they are to be read, and without what is left of those that are not whole. */
function onlyWholeKeys(keys: readonly Key[], reference: Reference): Reference | null {
  const read = keys.map((key) => key.read(reference)).filter((key) => key !== null);
  if (read.length === 0) return null;
  const others = Object.entries(reference).filter(
    ([name]) => !keys.some(({ fields }) => fields.includes(name)),
  );
  return Object.assign({}, Object.fromEntries(others), ...read);
}

/** One for each `@key`, in the order of the schema. */
function keysOf(type: GraphQLObjectType): Key[] {
  const nodes = [type.astNode, ...type.extensionASTNodes].flatMap((node) => node?.directives ?? []);
  return nodes.flatMap((directive) => {
    if (directive.name.value !== 'key') return [];
    const fields = directive.arguments?.find(({ name }) => name.value === 'fields')?.value;
    return fields?.kind === Kind.STRING ? [readerOf(type, fields.value)] : [];
  });
}

function readerOf(type: GraphQLObjectType, fields: string): Key {
  const [operation] = parse(`{ ${fields} }`, { noLocation: true }).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error(`@key of ${type.name} has no fields.`);
  const { selectionSet } = operation;
  return {
    fields: selectionSet.selections.flatMap((field) => (field.kind === Kind.FIELD ? [field.name.value] : [])),
    read: (reference) => readFields(type, selectionSet, reference),
  };
}

function readFields(
  type: GraphQLObjectType,
  { selections }: SelectionSetNode,
  from: Reference,
): Reference | null {
  const read: Record<string, unknown> = {};
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD) continue;
    const name = selection.name.value;
    const fieldType = type.getFields()[name]?.type;
    const value = Object.hasOwn(from, name) ? from[name] : null;
    if (value === null || value === undefined || fieldType === undefined) return null;
    if (selection.selectionSet !== undefined) {
      // A key within an object: each part is looked at, the object itself goes on as it is.
      const inner = getNamedType(fieldType);
      for (const part of Array.isArray(value) ? value : [value]) {
        if (typeof part !== 'object' || part === null) return null;
        if (isObjectType(inner) && readFields(inner, selection.selectionSet, part) === null) return null;
      }
      read[name] = value;
      continue;
    }
    if (!isInputType(fieldType)) return null;
    let fits = true;
    const coerced: unknown = coerceInputValue(value, fieldType, () => (fits = false));
    if (!fits) return null;
    read[name] = coerced;
  }
  return read;
}

const invalid = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'INVALID_REPRESENTATION' } });
