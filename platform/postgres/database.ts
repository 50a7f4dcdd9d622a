import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';

/** Runs queries: the pool, or the transaction one is in. Query functions take this, so that a caller decides which. */
export type Queryable = Pick<
  PostgresJsDatabase,
  | 'select'
  | 'selectDistinct'
  | 'selectDistinctOn'
  | 'insert'
  | 'update'
  | 'delete'
  | 'execute'
  | 'with'
  | '$with'
  | '$count'
>;
export type Transaction = Parameters<Parameters<PostgresJsDatabase['transaction']>[0]>[0];

/** One service's database: a pool, and the notifications of committed transactions. */
export interface Database extends AsyncDisposable {
  readonly db: PostgresJsDatabase;
  /** The pool beneath `db`, for what drizzle has no words for. */
  readonly sql: postgres.Sql;
  readonly url: string;
  /**
   * Calls `onNotify` for each NOTIFY on the channel. After a lost connection is up again (and once at first) calls
   * `onListening`, for what was notified meanwhile is gone: look for yourself then.
   */
  listen(
    channel: string,
    onNotify: (payload: string) => void,
    onListening: () => void,
  ): Promise<AsyncDisposable>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Connections at most. */
  readonly poolSize?: number;
}

const STATEMENT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_S = 5;

/** Opens a pool. Connects when first used, and again whenever the server comes back. */
export function openDatabase({ url, applicationName, poolSize = 10 }: DatabaseOptions): Database {
  const options: postgres.Options<Record<string, never>> = {
    onnotice: () => {},
    // The driver's look-up of array types is not awaited by anybody: a connection that dies during it would end the process.
    fetch_types: false,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: (attempt) => Math.min(2, 0.05 * 2 ** attempt),
    connection: {
      application_name: applicationName,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    },
  };
  const sql = postgres(url, { ...options, max: poolSize });
  return {
    db: drizzle(sql),
    sql,
    url,
    async listen(channel, onNotify, onListening) {
      const { unlisten } = await sql.listen(channel, onNotify, onListening);
      return { [Symbol.asyncDispose]: () => unlisten().catch(() => {}) };
    },
    async [Symbol.asyncDispose]() {
      await sql.end({ timeout: 5 });
    },
  };
}

const CONNECTION_LOST = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'ETIMEDOUT',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
]);
/** Class 08 connection exception, 40 rollback (deadlock, serialization), 53 out of resources, 57 operator intervention. */
const TRANSIENT_CLASSES = ['08', '40', '53', '57'];

/** True where the same transaction may succeed later, unchanged: the server is away, or picked us as a deadlock's victim. */
export function isTransient(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code !== 'string') continue;
    if (CONNECTION_LOST.has(code) || TRANSIENT_CLASSES.includes(code.slice(0, 2))) return true;
  }
  return false;
}

/** The constraint or unique index that a statement ran into; null for any other error. */
export function violatedConstraint(error: unknown): string | null {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof postgres.PostgresError) return cause.constraint_name ?? null;
  }
  return null;
}
