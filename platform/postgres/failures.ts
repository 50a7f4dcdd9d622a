import { DatabaseError } from 'pg';

/**
 * What a failed statement or transaction tells about the database:
 *   away            it cannot be reached, or the connection was lost; nothing of the transaction stands
 *   busy            no connection became free in time, or the server has none left
 *   conflict        picked as the victim of a deadlock, of a lock held too long or of a serialisation failure
 *   slow            cancelled for taking longer than a statement or a transaction may
 *   full            disk or memory of the server is full
 *   read-only       the server takes no writes: a standby, most likely after a failover
 *   misconfigured   it refuses this account or does not know this database: a person has to look
 *   unknown-outcome the answer to COMMIT was lost and could not be found out since: it may stand or not
 */
export type FailureKind =
  | 'away'
  | 'busy'
  | 'conflict'
  | 'slow'
  | 'full'
  | 'read-only'
  | 'misconfigured'
  | 'unknown-outcome';

/** The database did not do it, for a reason that lies with the database and not with the statement. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

/** SQLSTATEs, where a whole class is not of one kind. PostgreSQL manual, appendix A. */
const KINDS_BY_STATE: Readonly<Record<string, FailureKind>> = {
  '25006': 'read-only',
  '25P03': 'slow',
  '25P04': 'slow',
  '55P03': 'conflict',
  '57014': 'slow',
  '53300': 'busy',
  '3D000': 'misconfigured',
};
const KINDS_BY_CLASS: Readonly<Record<string, FailureKind>> = {
  '08': 'away',
  '28': 'misconfigured',
  '40': 'conflict',
  '53': 'full',
  '57': 'away',
  '58': 'full',
};
const SOCKET_FAULTS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // of a Unix socket
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** What kind of failure of the database an error, or one of its causes, is; null where it is none. */
export function failureKind(error: unknown): FailureKind | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const kind = kindOf(cause);
    if (kind !== null) return kind;
  }
  return null;
}

function kindOf(error: Error): FailureKind | null {
  if (error instanceof DatabaseUnavailableError) return error.kind;
  if (error instanceof AggregateError)
    return error.errors.map(failureKind).find((kind) => kind !== null) ?? null;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return null;
  if (SOCKET_FAULTS.has(code)) return 'away';
  // A state has five characters; other libraries' codes that begin with the same two digits do not.
  return code.length === 5 ? (KINDS_BY_STATE[code] ?? KINDS_BY_CLASS[code.slice(0, 2)] ?? null) : null;
}

/** True where the same transaction may succeed later, unchanged: nobody but the database is at fault. */
export function isTransient(error: unknown): boolean {
  return failureKind(error) !== null;
}

/** The constraint or unique index that a statement ran into; null for any other error. */
export function violatedConstraint(error: unknown): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof DatabaseError) return cause.constraint ?? null;
  }
  return null;
}
