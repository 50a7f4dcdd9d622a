import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/config.ts';

export type ErrorMask = (
  errors: readonly (GraphQLError | GraphQLFormattedError)[],
  requestId: string | undefined,
) => GraphQLFormattedError[];

const INTERNAL = 'INTERNAL_SERVER_ERROR';

/** What a client may know of an upstream that failed. The log has the rest, under the same request id. */
const UPSTREAM_MESSAGES: Readonly<Record<string, string>> = {
  SUBGRAPH_UNREACHABLE: 'A service could not be reached.',
  SUBGRAPH_TIMEOUT: 'A service took too long to answer.',
  SUBGRAPH_BAD_RESPONSE: 'A service gave an unusable answer.',
  SUBGRAPH_HTTP_ERROR: 'A service gave an error.',
  SUBGRAPH_TOO_LARGE: 'A service gave too large an answer.',
  SUBGRAPH_OVERLOADED: 'A service is overloaded.',
  SUBGRAPH_CIRCUIT_OPEN: 'A service is unavailable at the moment.',
  CANCELLED: 'The request was cancelled.',
};

/** Extensions by which servers show their inside. */
const INTERNAL_EXTENSIONS = new Set(['stacktrace', 'exception', 'debug', 'response', 'originalError']);

/**
 * Gives every error a `code`, and in production takes out what tells of the inside: messages of unexpected errors and
 * of the wire, and every sort of stack trace. Refusals that a service meant for clients (any other code) keep their
 * message.
 */
export function createErrorMask(
  { production }: Pick<GatewayConfig, 'production'>,
  logger: Logger,
): ErrorMask {
  return (errors, requestId) => {
    const masked = errors.map((error) =>
      production ? maskError(error, requestId) : labelError(error, requestId),
    );
    logUnexpected(errors, requestId, logger);
    return masked;
  };
}

function codeOf(error: GraphQLFormattedError): string {
  const code = error.extensions?.['code'];
  return typeof code === 'string' ? code : INTERNAL;
}

function isUnexpected(code: string): boolean {
  return code === INTERNAL || code === 'DOWNSTREAM_SERVICE_ERROR' || code in UPSTREAM_MESSAGES;
}

function labelError(
  error: GraphQLError | GraphQLFormattedError,
  requestId: string | undefined,
): GraphQLFormattedError {
  const code = codeOf(error);
  if (error.extensions?.['code'] === code && !isUnexpected(code)) return error;
  return {
    ...plain(error),
    extensions: { ...error.extensions, code, ...(isUnexpected(code) && { requestId }) },
  };
}

function maskError(
  error: GraphQLError | GraphQLFormattedError,
  requestId: string | undefined,
): GraphQLFormattedError {
  const code = codeOf(error);
  if (isUnexpected(code)) {
    const service = error.extensions?.['service'];
    return {
      message: UPSTREAM_MESSAGES[code] ?? 'Internal server error',
      ...(error.path !== undefined && { path: error.path }),
      extensions: { code, ...(service !== undefined && { service }), requestId },
    };
  }
  const shown = Object.entries(error.extensions ?? {}).filter(([name]) => !INTERNAL_EXTENSIONS.has(name));
  return { ...plain(error), extensions: Object.fromEntries(shown) };
}

function plain(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  if (!(error instanceof GraphQLError)) return error;
  const { message, locations, path } = error;
  return { message, ...(locations !== undefined && { locations }), ...(path !== undefined && { path }) };
}

function logUnexpected(
  errors: readonly GraphQLFormattedError[],
  requestId: string | undefined,
  logger: Logger,
): void {
  for (const error of errors) {
    const code = codeOf(error);
    if (!isUnexpected(code) || code === 'CANCELLED') continue;
    const { message, path, extensions } = error;
    const cause = error instanceof GraphQLError ? error.originalError : undefined;
    logger.warn({ requestId, code, path, service: extensions?.['service'], err: cause }, message);
  }
}
