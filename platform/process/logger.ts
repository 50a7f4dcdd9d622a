import { pino } from 'pino';
import { logDestination } from './log-destination.ts';

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>;

/** One for all loggers of a process: their lines must not get into each other. */
let stdout: pino.DestinationStream | undefined;

/** JSON lines on stdout. Whatever could carry a credential or a card is redacted before it is written. */
export function createLogger(
  service: string,
  level = 'info',
  destination: pino.DestinationStream = (stdout ??=
    logDestination()),
): pino.Logger {
  const options: pino.LoggerOptions = {
    name: service,
    level,
    base: { service },
    redact: [
      '*.authorization',
      '*.password',
      '*.accessToken',
      '*.refreshToken',
      '*.paymentMethod',
      'req.headers',
    ],
    serializers: { error: describeError },
  };
  return pino(options, destination);
}

/** For tests and tools that speak for themselves. */
export const silentLogger: Logger = pino({ level: 'silent' });

/**
 * An error with its causes and stack. A failed query is told as what it failed of, with its statement: its parameters,
 * which the error repeats in message and stack, are people's data; so is the `detail` of a violated constraint.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { cause, message, stack } = error;
  const described = {
    type: error.name,
    ...('code' in error && { code: error.code }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
  if ('query' in error && 'params' in error) {
    const failedOf = describeError(cause);
    return { ...(typeof failedOf === 'object' ? failedOf : { cause: failedOf }), query: error.query };
  }
  return {
    ...described,
    message,
    stack,
    ...(error instanceof AggregateError && { errors: error.errors.map(describeError) }),
  };
}
