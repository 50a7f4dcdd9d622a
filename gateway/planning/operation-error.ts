import { GraphQLError, type GraphQLFormattedError } from 'graphql';

/** An operation cannot be run, for reasons that its sender should know. */
export class OperationError extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors.map(({ message }) => message).join('\n'));
    this.name = 'OperationError';
    this.errors = errors;
  }

  toJSON(): { errors: GraphQLFormattedError[] } {
    return { errors: this.errors.map((error) => error.toJSON()) };
  }
}

/** An operation refused for one reason. `retryable` when the same may go well a little later. */
export function refusedOperation(message: string, code: string, retryable = false): OperationError {
  return new OperationError([
    new GraphQLError(message, { extensions: { code, ...(retryable && { retryable }) } }),
  ]);
}
