import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { sql } from 'drizzle-orm';
import { DatabaseUnavailableError, failureKind } from './failures.ts';
import type { ConnectionPool } from './connections/pool.ts';

/** After a write that found no room, how long the database counts as full without another try. */
const FULL_MS = 2_000;

/**
 * Whether the database answers and takes writes. A server that has no room goes on answering reads: once a write has failed
 * for that, the check tries to write something itself, from time to time, until that works.
 * @throws {DatabaseUnavailableError} or what the server says.
 */
export async function checkDatabase(pool: ConnectionPool, db: NodePgDatabase): Promise<void> {
  const { rows } = await pool.query<{ readOnly: boolean }>(
    `select current_setting('transaction_read_only') = 'on' as "readOnly"`,
  );
  if (rows[0]?.readOnly === true) {
    pool.distrust();
    throw new DatabaseUnavailableError('read-only', 'The database takes no writes.');
  }
  const { fullSince } = pool;
  if (fullSince === null) return;
  if (performance.now() - fullSince < FULL_MS)
    throw new DatabaseUnavailableError('full', 'The database has no room for what was written last.');
  try {
    await db.transaction(async (tx) => {
      await tx.execute(
        sql`create temporary table is_there_room on commit drop as select repeat('x', 8000) from generate_series(1, 8)`,
      );
    });
    pool.fullSince = null;
  } catch (error) {
    if (failureKind(error) === 'full') pool.fullSince = performance.now();
    throw error;
  }
}
