import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from '#platform/telemetry/logger.ts';

/** Of what is told of one error, in characters: messages quote what was sent, of whatever length. */
const MESSAGE_AT_MOST = 1_000;
/** Of one answer. A page of entities whose service is away is told whole; what has more is an attack. */
const ERRORS_AT_MOST = 1_000;

/** All errors of one answer as a client may see them, and no more of them than anybody reads: see {@link maskError}. */
export function maskErrors(
  errors: readonly GraphQLError[],
  requestId: string,
  logger: Logger,
): GraphQLFormattedError[] {
  const told = errors.slice(0, ERRORS_AT_MOST).map((error) => maskError(error, requestId, logger));
  if (errors.length > ERRORS_AT_MOST) {
    const message = `${errors.length - ERRORS_AT_MOST} further errors are left out.`;
    told.push({ message, extensions: { code: 'TOO_MANY_ERRORS' } });
  }
  return told;
}

/**
 * Errors we raise on purpose are GraphQLErrors and reach the client as they are. Anything else is a fault of ours: it is
 * logged whole, and the client gets INTERNAL_SERVER_ERROR with the request id to quote.
 */
export function maskError(error: GraphQLError, requestId: string, logger: Logger): GraphQLFormattedError {
  const { originalError } = error;
  const intended = originalError === undefined || originalError instanceof GraphQLError;
  if (intended) {
    const { http: _, stacktrace: __, ...extensions } = error.toJSON().extensions ?? {};
    return { ...error.toJSON(), message: shortened(error.message), extensions };
  }
  logger.error({ error: originalError, path: error.path, requestId }, 'unexpected error');
  return {
    message: `Something went wrong on our side. Request id: ${requestId}`,
    ...(error.path !== undefined && { path: error.path }),
    ...(error.locations !== undefined && { locations: error.locations }),
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  };
}

function shortened(message: string): string {
  return message.length <= MESSAGE_AT_MOST ? message : `${message.slice(0, MESSAGE_AT_MOST)}…`;
}
