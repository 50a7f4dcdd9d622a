import { DatabaseError } from 'pg';
import { failureKind } from '#platform/postgres/failures.ts';
import { NewerDatabaseError, OlderDatabaseError } from '#platform/postgres/migrate.ts';
import { ConfigError } from './service-settings.ts';

/** `undefined_table`, `invalid_schema_name`: what this code expects is not there. */
const NOT_MIGRATED = new Set(['42P01', '3F000', '42703']);

/** Why something could not start, and the way out, in a line; null where nobody foresaw it and the stack is needed. */
export function explainStartFailure(error: unknown): string | null {
  if (
    error instanceof ConfigError ||
    error instanceof NewerDatabaseError ||
    error instanceof OlderDatabaseError
  )
    return error.message;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const wayOut = wayOutOf(code ?? '', cause);
    if (wayOut !== null) return `${outermost(error, message)}. ${wayOut}`;
  }
  if (failureKind(error) !== null && error instanceof Error)
    return `${error.message}. Is PostgreSQL running there, and is the address right?`;
  return null;
}

function wayOutOf(code: string, error: Error): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return 'Something else listens there: stop it, or set another PORT.';
    case 'EACCES':
      return 'This account may not: set a PORT above 1023.';
    case 'EADDRNOTAVAIL':
      return 'That is no address of this machine: mend HOST.';
    case '28P01':
    case '28000':
      return 'Mend user and password in its *_DATABASE_URL.';
    case '42501':
      return 'Grant its account what it lacks, or name another in its *_DATABASE_URL.';
    case '3D000':
      return 'Create it and run npm run migrate, or mend its *_DATABASE_URL.';
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
      return 'Start PostgreSQL there, or mend its *_DATABASE_URL.';
    case '53300':
      return 'Let the server have more connections (max_connections), or close some.';
    default:
      return error instanceof DatabaseError && NOT_MIGRATED.has(code)
        ? 'The database is not as this code expects it: run npm run migrate.'
        : null;
  }
}

/** What names the place: the outermost message, unless that is drizzle's, which is the statement. */
function outermost(error: unknown, message: string): string {
  if (!(error instanceof Error) || 'query' in error) return message;
  return error.message === '' ? message : error.message;
}
