import { setTimeout as delay } from 'node:timers/promises';
import { NodePgDatabase, NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres';
import { PgDialect, type PgTransactionConfig } from 'drizzle-orm/pg-core';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { DatabaseUnavailableError, failureKind } from './failures.ts';
import { type ConnectionPool, isWorthRepeating, type Lease } from './connections/pool.ts';

type Schema = Record<string, never>;
type Work<Result> = (tx: NodePgTransaction<Schema, Schema>) => Promise<Result>;

/** How long the fate of a transaction whose COMMIT was not answered is looked for. */
const FATE_MS = 1_500;
const FATE_PAUSE_MS = 50;

/**
 * drizzle over the pool, with transactions that are one or nothing:
 *   - all statements run on one connection, or not at all: a connection that dies refuses the rest;
 *   - what died before COMMIT, was a deadlock's victim or could not be serialised is begun anew, for about a second, so the
 *     work must be repeatable: it changes nothing but the database;
 *   - a COMMIT that is not answered is looked up by the transaction's id, and only where that cannot be told either fails
 *     with `unknown-outcome`;
 *   - a COMMIT that PostgreSQL answers with ROLLBACK (the work passed over a failure) is a failure.
 */
export function drizzleOn(pool: ConnectionPool): NodePgDatabase {
  const dialect = new PgDialect();
  return new NodePgDatabase(dialect, new PoolSession(pool, dialect), undefined);
}

class PoolSession extends NodePgSession<Schema, Schema> {
  readonly #pool: ConnectionPool;
  readonly #dialect: PgDialect;

  constructor(pool: ConnectionPool, dialect: PgDialect) {
    super(asClient(pool), dialect, undefined);
    this.#pool = pool;
    this.#dialect = dialect;
  }

  override transaction<Result>(work: Work<Result>, config?: PgTransactionConfig): Promise<Result> {
    return this.#pool.insist(() => this.#once(work, config), isWorthRepeating);
  }

  async #once<Result>(work: Work<Result>, config: PgTransactionConfig = {}): Promise<Result> {
    const lease = await this.#pool.lease();
    try {
      const id = await begin(lease, config);
      const session = new NodePgSession<Schema, Schema>(asClient(lease), this.#dialect, undefined);
      const result = await work(new NodePgTransaction<Schema, Schema>(this.#dialect, session, undefined));
      await commit(this.#pool, lease, id);
      return result;
    } catch (error) {
      // A connection on which this fails is not given back.
      if (lease.lost === null) await lease.query('rollback').catch(() => {});
      throw error;
    } finally {
      lease.release();
    }
  }
}

/**
 * What a transaction is known by at the server. Ids that a crash kept from reaching the disk are given out again after it, and
 * so count together with the server's life: statistics begin anew with each recovery, and with nothing else that happens alone.
 */
interface Id {
  readonly id: string;
  readonly life: string;
}

const LIFE = 'extract(epoch from pg_stat_get_bgwriter_stat_reset_time())::text as life';

/** Begins, and returns the transaction's id; null where it writes nothing. */
async function begin(lease: Lease, config: PgTransactionConfig): Promise<Id | null> {
  const { isolationLevel, accessMode, deferrable } = config;
  const words = [
    'begin',
    isolationLevel && `isolation level ${isolationLevel}`,
    accessMode,
    deferrable !== undefined && (deferrable ? 'deferrable' : 'not deferrable'),
  ];
  const text = words.filter(Boolean).join(' ');
  if (accessMode === 'read only') {
    await lease.query(text);
    return null;
  }
  // Two statements, one round trip: there is a result for each.
  const results: unknown = await lease.query(`${text}; select pg_current_xact_id()::text as id, ${LIFE}`);
  const [, selected] = results as [QueryResult, QueryResult<Id & QueryResultRow>];
  return selected.rows[0] ?? null;
}

async function commit(pool: ConnectionPool, lease: Lease, id: Id | null): Promise<void> {
  const died = (cause: unknown) =>
    new DatabaseUnavailableError('away', 'The connection was lost before COMMIT was done.', cause);
  if (lease.lost !== null) throw died(lease.lost); // it has never been sent
  let answer: QueryResult;
  try {
    answer = await lease.query('commit');
  } catch (error) {
    if (lease.lost === null) throw error; // refused: a deferred constraint, say
    lease.release(); // Who asks needs a connection: where all die at COMMIT, each would wait for the others' places.
    const stands = id !== null && (await standsAfterAll(pool, lease, id));
    if (stands) return;
    throw died(error);
  }
  if (answer.command !== 'COMMIT')
    throw new Error('A statement of this transaction failed and was passed over: nothing of it stands.');
}

/** Whether a transaction was committed. @throws {DatabaseUnavailableError} `unknown-outcome` where nobody can tell. */
async function standsAfterAll(pool: ConnectionPool, lost: Lease, { id, life }: Id): Promise<boolean> {
  let cause: unknown;
  for (const until = performance.now() + FATE_MS; performance.now() < until; await delay(FATE_PAUSE_MS)) {
    try {
      const { rows } = await pool.query<{ status: string | null; life: string }>(
        `select pg_xact_status($1::xid8) as status, ${LIFE}`,
        [id],
      );
      const [found] = rows;
      const sameLife = found?.life === life;
      // In another life of the server's it may be somebody else who was committed under this id; but had we been, nobody else
      // could have got it.
      if (found?.status === 'committed' && !sameLife) break;
      if (found?.status === 'committed') return true;
      if (found?.status === 'aborted' || (found?.status === 'in progress' && !sameLife)) return false;
      // The server has not noticed yet. It is not to commit once we have said that it did not.
      await pool.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_xid = $2::xid8::xid',
        [lost.pid, id],
      );
    } catch (error) {
      cause = error;
      if (!['away', 'busy'].includes(failureKind(error) ?? '')) break;
    }
  }
  throw new DatabaseUnavailableError(
    'unknown-outcome',
    'The connection was lost at COMMIT, and it cannot be told whether the transaction stands.',
    cause,
  );
}

/** drizzle asks of a client that it has `query` and no more, but its type says more. */
function asClient(queryable: Pick<Lease, 'query'>): PoolClient {
  return queryable as unknown as PoolClient;
}
