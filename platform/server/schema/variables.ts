import {
  coerceInputValue,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  type DocumentNode,
  isInputType,
  typeFromAST,
} from 'graphql';

/** Told to a client; who has more to mend sees them next time. */
const ERRORS_AT_MOST = 10;

class EnoughErrors extends Error {}

/**
 * What is wrong with an operation's variables: at most 10 errors with the code BAD_USER_INPUT, none of which quotes a
 * value. graphql-js tells up to 50 and quotes the whole variable in each, which makes of a request of some megabytes an
 * answer of hundreds. Empty where all fits, and where there is no such operation.
 */
export function variableErrors(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): readonly GraphQLError[] {
  const errors: GraphQLError[] = [];
  for (const definition of getOperationAST(document, operationName)?.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    const given = variables != null && Object.hasOwn(variables, name) ? variables[name] : undefined;
    // What is missing is graphql-js's to tell: there is nothing in it to be quoted.
    if (given === undefined || !isInputType(type)) continue;
    try {
      coerceInputValue(
        given,
        type,
        (path, _, error) => {
          if (errors.length === ERRORS_AT_MOST) throw new EnoughErrors();
          errors.push(
            new GraphQLError(`Variable "$${name}" got an invalid value${placeOf(path)}: ${error.message}`, {
              nodes: definition,
              extensions: { code: 'BAD_USER_INPUT' },
            }),
          );
        },
        true, // no suggestions
      );
    } catch (error) {
      if (!(error instanceof EnoughErrors)) throw error;
      break;
    }
  }
  return errors;
}

function placeOf(path: readonly (string | number)[]): string {
  return path.length === 0 ? '' : ` at "${path.join('.')}"`;
}
