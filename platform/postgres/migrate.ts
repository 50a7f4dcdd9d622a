import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Client, escapeIdentifier, type QueryResult, type QueryResultRow } from 'pg';
import type { Database } from './database.ts';

export interface MigrationSet {
  /** Names the table that remembers what has run: `migrations_<name>`. */
  readonly name: string;
  /** Folder of `0001_what-it-does.sql` files. */
  readonly folder: URL;
}

/** The database was migrated by newer code, which knows what this code would do to it no more. */
export class NewerDatabaseError extends Error {
  override readonly name = 'NewerDatabaseError';
}

/** The database lacks migrations that this code relies on. */
export class OlderDatabaseError extends Error {
  override readonly name = 'OlderDatabaseError';
}

/**
 * Brings one database forward, each migration in a transaction, one migrator at a time. Never backward: a database that
 * has migrations this code does not know is refused. Returns the names of the migrations it ran.
 * @throws {NewerDatabaseError} before anything is changed.
 */
export async function migrate(databaseUrl: string, sets: readonly MigrationSet[]): Promise<string[]> {
  const { runner } = await import('node-pg-migrate'); // services only look, and start sooner without it
  // Ours, as the runner neither listens to the errors of its own nor waits until it has ended: a server that stops would end us.
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => {}); // told to the statement under way as well
  try {
    await client.connect();
    await refuseNewer(client, sets);
    const ran: string[] = [];
    for (const { name, folder } of sets) {
      const dir = fileURLToPath(folder);
      if ((await readdir(dir)).length === 0) continue;
      const done = await runner({
        dbClient: client,
        dir,
        direction: 'up',
        migrationsTable: `migrations_${name}`,
        checkOrder: true,
        // Another migrator's lock is waited for, not failed on: four services may start at once.
        advisoryLockMode: 'wait',
        logger: { debug() {}, info() {}, warn() {}, error() {} },
      });
      ran.push(...done.map((migration) => `${name}/${migration.name}`));
    }
    return ran;
  } finally {
    await client.end();
  }
}

/**
 * For a service's start: whether these migrations and no others have run. Changes nothing, and does not wait for a migrator.
 * @throws {NewerDatabaseError} {@link OlderDatabaseError}
 */
export async function refuseUnfit(database: Database, sets: readonly MigrationSet[]): Promise<void> {
  const lease = await database.lease();
  try {
    const missing = await refuseNewer(lease, sets);
    if (missing.length > 0)
      throw new OlderDatabaseError(
        `The database ${await nameOf(lease)} is older than this code: ${missing.join(', ')} ${missing.length === 1 ? 'has' : 'have'} not run. Run npm run migrate, or the older code.`,
      );
  } finally {
    lease.release();
  }
}

/** What can run a statement: a client, or a lease of a pool's. */
interface Connection {
  query<Row extends QueryResultRow>(statement: string, values?: unknown[]): Promise<QueryResult<Row>>;
}

/** The migrations that have not run, as `set/name`. @throws {NewerDatabaseError} */
async function refuseNewer(connection: Connection, sets: readonly MigrationSet[]): Promise<string[]> {
  const missing: string[] = [];
  for (const { name, folder } of sets) {
    const files = await readdir(folder);
    const known = new Set(files.map((file) => file.replace(/\.[^.]*$/, '')).toSorted());
    const there = new Set(await migrationsIn(connection, `migrations_${name}`));
    const unknown = [...there.difference(known)];
    if (unknown.length > 0)
      throw new NewerDatabaseError(
        `The database ${await nameOf(connection)} was brought forward by newer code: this code does not know ${unknown.map((each) => `${name}/${each}`).join(', ')}. Run the newer code, or restore the database as it was.`,
      );
    missing.push(...[...known.difference(there)].map((each) => `${name}/${each}`));
  }
  return missing;
}

async function nameOf(connection: Connection): Promise<string> {
  const { rows } = await connection.query<{ name: string }>('select current_database() as name');
  return rows[0]?.name ?? '';
}

async function migrationsIn(connection: Connection, table: string): Promise<string[]> {
  const { rows: found } = await connection.query<{ there: boolean }>(
    'select to_regclass($1) is not null as there',
    [`public.${escapeIdentifier(table)}`],
  );
  if (found[0]?.there !== true) return [];
  const { rows } = await connection.query<{ name: string }>(
    `select name from public.${escapeIdentifier(table)} order by id`,
  );
  return rows.map(({ name }) => name);
}

/** Tables of the outbox and inbox, which every service that sends or receives messages has. */
export const MESSAGING_MIGRATIONS: MigrationSet = {
  name: 'messaging',
  folder: new URL('../messaging/outbox-migrations/', import.meta.url),
};
