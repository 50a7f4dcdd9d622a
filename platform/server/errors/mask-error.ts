import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { type FailureKind, failureKind } from '#platform/postgres/failures.ts';
import { type Logger, silentLogger } from '#platform/process/logger.ts';

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
  // One failure that a page of entities ran into is one line of the log.
  const logged = new Set<unknown>();
  const told = errors.slice(0, ERRORS_AT_MOST).map((error) => {
    const known = logged.has(error.originalError);
    logged.add(error.originalError);
    return maskError(error, requestId, known ? silentLogger : logger);
  });
  if (errors.length > ERRORS_AT_MOST) {
    const message = `${errors.length - ERRORS_AT_MOST} further errors are left out.`;
    told.push({ message, extensions: { code: 'TOO_MANY_ERRORS' } });
  }
  return told;
}

/** What a client is told when the database did not do it. It may ask again, in a while. */
const UNAVAILABLE = 'This service is unavailable at the moment: try again.';
const UNAVAILABLE_MESSAGES: Readonly<Record<FailureKind, string>> = {
  away: UNAVAILABLE,
  full: UNAVAILABLE,
  'read-only': UNAVAILABLE,
  misconfigured: UNAVAILABLE,
  busy: 'This service has too much to do at the moment: try again.',
  conflict: 'Others are changing the same at this moment: try again.',
  slow: 'This took too long and was given up: ask for less, or try again.',
  'unknown-outcome':
    'Whether this was done cannot be told: ask again with the same idempotency key, or look before you do it again.',
};

/**
 * Errors we raise on purpose are GraphQLErrors and reach the client as they are. Where the database is at fault, the client
 * gets SERVICE_UNAVAILABLE (SERVICE_TIMEOUT where it took too long) and may try again. Anything else is a fault of ours: the
 * client gets INTERNAL_SERVER_ERROR. The log has either whole, under the request id to quote; of what the database did not do,
 * the first few of each second, and with the next one how many were left out.
 */
export function maskError(error: GraphQLError, requestId: string, logger: Logger): GraphQLFormattedError {
  const { originalError } = error;
  const intended = originalError === undefined || originalError instanceof GraphQLError;
  if (intended) {
    const { http: _, stacktrace: __, ...extensions } = error.toJSON().extensions ?? {};
    return { ...error.toJSON(), message: shortened(error.message), extensions };
  }
  const where = {
    ...(error.path !== undefined && { path: error.path }),
    ...(error.locations !== undefined && { locations: error.locations }),
  };
  const kind = failureKind(originalError);
  if (kind === null) {
    logger.error({ error: originalError, path: error.path, requestId }, 'unexpected error');
    return {
      message: `Something went wrong on our side. Request id: ${requestId}`,
      ...where,
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId },
    };
  }
  const level = kind === 'misconfigured' || kind === 'full' ? 'error' : 'warn';
  const leftOut = linesFor(logger).take(kind);
  if (leftOut !== null)
    logger[level](
      { error: originalError, kind, path: error.path, requestId, ...(leftOut > 0 && { leftOut }) },
      `the database did not do it: ${kind}`,
    );
  return {
    message: UNAVAILABLE_MESSAGES[kind],
    ...where,
    extensions: {
      code: kind === 'slow' ? 'SERVICE_TIMEOUT' : 'SERVICE_UNAVAILABLE',
      retryable: true,
      requestId,
    },
  };
}

/** Of one kind, from one logger. */
interface Lines {
  /** How many have been left out since the last one; null where this one is to be, too. */
  take(kind: FailureKind): number | null;
}

const LINES_A_SECOND = 10;
const lines = new WeakMap<Logger, Lines>();

function linesFor(logger: Logger): Lines {
  const known = lines.get(logger);
  if (known !== undefined) return known;
  const seconds = new Map<FailureKind, { begun: number; written: number; leftOut: number }>();
  const made: Lines = {
    take(kind) {
      const now = performance.now();
      const second = seconds.get(kind) ?? { begun: now, written: 0, leftOut: 0 };
      seconds.set(kind, second);
      if (now - second.begun >= 1_000) Object.assign(second, { begun: now, written: 0 });
      if (second.written >= LINES_A_SECOND) {
        second.leftOut++;
        return null;
      }
      second.written++;
      const { leftOut } = second;
      second.leftOut = 0;
      return leftOut;
    },
  };
  lines.set(logger, made);
  return made;
}

function shortened(message: string): string {
  return message.length <= MESSAGE_AT_MOST ? message : `${message.slice(0, MESSAGE_AT_MOST)}…`;
}
