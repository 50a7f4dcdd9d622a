import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { checkDatabase } from './check.ts';
import { createListener } from './connections/listener.ts';
import { createPool, type Lease } from './connections/pool.ts';
import { drizzleOn } from './transactions.ts';

export { failureKind, isTransient, violatedConstraint } from './failures.ts';

/** Runs queries: the pool, or the transaction one is in. Query functions take this, so that a caller decides which. */
export type Queryable = Pick<
  NodePgDatabase,
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
export type Transaction = Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0];

/** One service's database: a pool, and the notifications of committed transactions. */
export interface Database extends AsyncDisposable {
  /** Its transactions are one or nothing, and may be run more than once until they are: see transactions.ts. */
  readonly db: NodePgDatabase;
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
  /** A connection of the pool's for as long as one likes: for what belongs to a session, such as its locks. */
  lease(): Promise<Lease>;
  /** Throws while the database does not answer, or takes no writes. */
  check(): Promise<void>;
  /** Ends all connections, after so long even those that are at work. Disposing gives them 5 s. */
  close(graceMs: number): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Connections at most. */
  readonly poolSize?: number;
  /** How long one statement may take; 5 s unless told otherwise. */
  readonly statementTimeoutMs?: number;
  /** How long one waits for a connection while all are taken; 5 s unless told otherwise. */
  readonly waitMs?: number;
  /** Told of every statement before it is sent. */
  readonly onStatement?: (text: string) => void;
}

const POOL_SIZE = 10;
const GRACE_MS = 5_000;

/** Opens a pool. Connects when first used, and again whenever the server comes back. */
export function openDatabase({ url, poolSize = POOL_SIZE, ...options }: DatabaseOptions): Database {
  const pool = createPool({ url, size: poolSize, ...options });
  const listener = createListener(url, options.applicationName);
  const close = async (graceMs: number) => {
    await Promise.all([pool.close(graceMs), listener[Symbol.asyncDispose]()]);
  };
  const db = drizzleOn(pool);
  return {
    db,
    url,
    listen: listener.listen,
    lease: pool.lease,
    check: () => checkDatabase(pool, db),
    close,
    [Symbol.asyncDispose]: () => close(GRACE_MS),
  };
}
