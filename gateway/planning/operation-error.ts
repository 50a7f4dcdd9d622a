import { GraphQLError, type GraphQLFormattedError, type OperationDefinitionNode } from 'graphql';
import { shortened } from './validation/bounded-messages.ts';

/** Of a name that is told in the log. */
const LONGEST_NAME = 100;

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

/** A valid operation that was not planned. */
export interface RefusedOperation {
  /** Undefined for a defect of ours. */
  readonly code: string | undefined;
  /** As its document calls it, shortened. */
  readonly operation: string | undefined;
  /** Of its text, which is not told. */
  readonly hash: string;
  /** From when it was asked for, waiting included; 0 where it was known from before. */
  readonly ms: number;
}

export function refusedOf(
  error: Error,
  hash: string,
  { name }: OperationDefinitionNode,
  ms: number,
): RefusedOperation {
  const code = error instanceof OperationError ? error.errors[0]?.extensions['code'] : undefined;
  return {
    code: typeof code === 'string' ? code : undefined,
    operation: name && shortened(name.value, LONGEST_NAME),
    hash,
    ms: Math.round(ms),
  };
}

export function isRetryable({ errors }: OperationError): boolean {
  return errors.some(({ extensions }) => extensions['retryable'] === true);
}

/** Whether planning took more time or memory than there is for one operation. */
export function isTooMuch({ code }: RefusedOperation): boolean {
  return code === 'PLANNING_TIMED_OUT' || code === 'OPERATION_TOO_COMPLEX';
}
