import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import type { GatewayConfig } from './settings.ts';

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
  SUBGRAPH_UNSUPPORTED_ENCODING: 'A service gave an unusable answer.',
  SUBGRAPH_OVERLOADED: 'A service is overloaded.',
  SUBGRAPH_CIRCUIT_OPEN: 'A service is unavailable at the moment.',
  CANCELLED: 'The request was cancelled.',
};

/** Of a stream for which a subgraph closed its connection. The reason is often what the subgraph failed with. */
const CLOSED_MESSAGE = 'A service closed the live connection of this subscription.';

/** Extensions by which servers show their inside. */
const INTERNAL_EXTENSIONS = new Set([
  'closeReason',
  'stacktrace',
  'exception',
  'debug',
  'response',
  'originalError',
]);

/** Of one answer: a list may be wrong in each of its items, and whoever reads learns from the first ones. */
const MAX_ERRORS = 100;
/** In characters. A service may quote what it was sent. */
const MAX_MESSAGE = 2_000;

/**
 * Gives every error a `code`, keeps them few and short, and in production takes out what tells of the inside: messages of
 * unexpected errors and of the wire, and every sort of stack trace. Refusals that a service meant for clients (any other
 * code) keep their message.
 */
export function createErrorMask(
  { production }: Pick<GatewayConfig, 'production'>,
  logger: Logger,
): ErrorMask {
  return (all, requestId) => {
    const errors = all.length > MAX_ERRORS ? all.slice(0, MAX_ERRORS) : all;
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
  if (error.extensions?.['code'] === code && !isUnexpected(code) && brief(error.message) === error.message)
    return error;
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
    const { service, retryable } = error.extensions ?? {};
    return {
      message: UPSTREAM_MESSAGES[code] ?? 'Internal server error',
      ...(error.path !== undefined && { path: error.path }),
      extensions: {
        code,
        ...(service !== undefined && { service }),
        // A live client comes back for these, with its last cursor.
        ...(retryable === true && { retryable }),
        requestId,
      },
    };
  }
  const shown = Object.entries(error.extensions ?? {}).filter(([name]) => !INTERNAL_EXTENSIONS.has(name));
  const wasClosed = error.extensions?.['closeReason'] !== undefined;
  return {
    ...plain(error),
    ...(wasClosed && { message: CLOSED_MESSAGE }),
    extensions: Object.fromEntries(shown),
  };
}

function plain(error: GraphQLError | GraphQLFormattedError): GraphQLFormattedError {
  const { message, locations, path } = error;
  return {
    message: brief(message),
    ...(locations !== undefined && { locations }),
    ...(path !== undefined && { path }),
  };
}

/** What a service sent as a message need not be one. */
function brief(message: unknown): string {
  if (typeof message !== 'string') return 'An error without a message.';
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`;
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

/** What `prepare` throws carries the errors of the request; anything else is a defect of ours. */
export function requestErrors(error: unknown): readonly GraphQLError[] {
  if (error instanceof GraphQLError) return [error];
  if (error instanceof Error && 'errors' in error && Array.isArray(error.errors)) return error.errors;
  return [
    new GraphQLError('Internal server error', {
      originalError: error instanceof Error ? error : new Error(String(error)),
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    }),
  ];
}
