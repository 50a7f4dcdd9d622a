import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

/** A root field with everything beneath it, a few levels deep; every argument on the way is a variable. */
export interface Operation {
  readonly name: string;
  readonly query: string;
  /** `level` 0: of the root field itself. */
  readonly variables: readonly {
    readonly name: string;
    readonly argument: GraphQLArgument;
    readonly level: number;
  }[];
}

const LEVELS = 3;
/** Beneath the gateway's own bounds. */
const FIELDS_AT_MOST = 150;

/** One for each field of Query and Mutation: together they bring every argument and input type that a client can send. */
export function operationsOf(schema: GraphQLSchema): Operation[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
  ] as const;
  return roots.flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).map((field) => operation(kind, field)),
  );
}

function operation(kind: 'query' | 'mutation', root: GraphQLField<unknown, unknown>): Operation {
  const variables: { name: string; argument: GraphQLArgument; level: number }[] = [];
  let fields = 0;

  function select(field: GraphQLField<unknown, unknown>, level: number): string | null {
    const type = getNamedType(field.type);
    if (isAbstractType(type) || (fields += 1) > FIELDS_AT_MOST) return null;
    let inner = '';
    if (isObjectType(type)) {
      const children = Object.values(type.getFields())
        .filter((child) => isLeafType(getNamedType(child.type)) || level < LEVELS)
        .flatMap((child) => select(child, level + 1) ?? []);
      if (children.length === 0) return null;
      inner = ` { ${children.join(' ')} }`;
    }
    const given = field.args.map((argument) => {
      const name = `v${variables.length}`;
      variables.push({ name, argument, level });
      return `${argument.name}: $${name}`;
    });
    return `${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${inner}`;
  }

  const selection = select(root, 0);
  const declared = variables.map(({ name, argument }) => `$${name}: ${String(argument.type)}`);
  const header = declared.length > 0 ? `(${declared.join(', ')})` : '';
  return { name: root.name, query: `${kind} ${root.name}${header} { ${selection} }`, variables };
}

/** The same with its values written out in the document, where their types allow it. */
export function writtenOut(
  { query, variables }: Operation,
  values: Readonly<Record<string, unknown>>,
): string {
  const body = query.slice(query.indexOf('{'));
  const filled = variables.reduce(
    (text, { name, argument }) =>
      text.replace(new RegExp(`\\$${name}\\b`), () => literal(values[name], argument.type)),
    body,
  );
  return `${query.startsWith('mutation') ? 'mutation' : 'query'} ${filled}`;
}

function literal(value: unknown, type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(value, type.ofType);
  if (value === undefined || value === null) return 'null';
  if (Array.isArray(value)) {
    const item = isListType(type) ? type.ofType : type;
    return `[${value.map((each) => literal(each, item)).join(' ')}]`;
  }
  if (isListType(type)) return literal(value, type.ofType);
  if (typeof value === 'object') {
    const fields = isInputObjectType(type) ? type.getFields() : {};
    const members = Object.entries(value).flatMap(([name, each]) =>
      each === undefined || !/^\w+$/.test(name)
        ? []
        : [`${name}: ${literal(each, fields[name]?.type ?? type)}`],
    );
    return `{${members.join(' ')}}`;
  }
  if (isEnumType(type) && typeof value === 'string' && /^[A-Z_]+$/i.test(value)) return value;
  return JSON.stringify(value) ?? 'null';
}
