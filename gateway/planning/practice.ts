// Planning, before anybody asks for it: the planner is a lot of code, and slow until V8 has seen it at work.
import {
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

/** One operation a root field, for so many of them. */
const OPERATIONS = 12;
const DEPTH = 4;
/** Of one object. */
const FIELDS = 8;
/** Of one operation: a wide schema is no reason to plan for seconds. */
const FIELDS_IN_ALL = 60;

/** An operation while it is written. */
interface Draft {
  readonly schema: GraphQLSchema;
  readonly variables: string[];
  fieldsLeft: number;
}

/** Queries that go as far through the schema as clients' do, as text. Required arguments get variables. */
export function practiceOperations(schema: GraphQLSchema): string[] {
  const root = schema.getQueryType();
  if (root == null) return [];
  return Object.values(root.getFields())
    .slice(0, OPERATIONS)
    .map((field) => {
      const draft: Draft = { schema, variables: [], fieldsLeft: FIELDS_IN_ALL };
      const selection = selectField(draft, field, DEPTH);
      const { variables } = draft;
      return `query ${variables.length === 0 ? '' : `(${variables.join(', ')})`} { ${selection} }`;
    });
}

function selectField(draft: Draft, field: GraphQLField<unknown, unknown>, depth: number): string {
  draft.fieldsLeft -= 1;
  const given = field.args.filter(isRequiredArgument).map(({ name, type }) => {
    const variable = `$v${draft.variables.length}`;
    draft.variables.push(`${variable}: ${String(type)}`);
    return `${name}: ${variable}`;
  });
  const below = selectBelow(draft, getNamedType(field.type), depth - 1);
  return `${field.name}${given.length === 0 ? '' : `(${given.join(', ')})`}${below}`;
}

function selectBelow(draft: Draft, type: GraphQLNamedType, depth: number): string {
  if (!isCompositeType(type)) return '';
  const selections = ['__typename'];
  if (isObjectType(type) || isInterfaceType(type)) {
    const fields = Object.values(type.getFields());
    const fitting = fields.filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)));
    for (const field of fitting.slice(0, FIELDS))
      if (draft.fieldsLeft > 0) selections.push(selectField(draft, field, depth));
  }
  if (depth > 0 && isAbstractType(type)) {
    for (const possible of draft.schema.getPossibleTypes(type).slice(0, 2))
      selections.push(`... on ${possible.name}${selectBelow(draft, possible, depth - 1)}`);
  }
  return ` { ${selections.join(' ')} }`;
}
