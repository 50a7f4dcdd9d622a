import { pino } from 'pino';

export type Logger = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'child'>;

/** JSON lines on stdout. Whatever could carry a credential or a card is redacted before it is written. */
export function createLogger(service: string, level = 'info'): pino.Logger {
  return pino({
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
  });
}

/** For tests and tools that speak for themselves. */
export const silentLogger: Logger = pino({ level: 'silent' });
