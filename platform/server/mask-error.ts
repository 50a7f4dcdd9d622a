import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from '#platform/telemetry/logger.ts';

/**
 * Errors we raise on purpose are GraphQLErrors and reach the client as they are. Anything else is a fault of ours: it is
 * logged whole, and the client gets INTERNAL_SERVER_ERROR with the request id to quote.
 */
export function maskError(error: GraphQLError, requestId: string, logger: Logger): GraphQLFormattedError {
  const { originalError } = error;
  const intended = originalError === undefined || originalError instanceof GraphQLError;
  if (intended) {
    const { http: _, stacktrace: __, ...extensions } = error.toJSON().extensions ?? {};
    return { ...error.toJSON(), extensions };
  }
  logger.error({ error: originalError, path: error.path, requestId }, 'unexpected error');
  return {
    message: `Something went wrong on our side. Request id: ${requestId}`,
    ...(error.path !== undefined && { path: error.path }),
    ...(error.locations !== undefined && { locations: error.locations }),
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
  };
}
