import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { Client, escapeIdentifier } from 'pg';

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

/**
 * Brings one database forward, each migration in a transaction, one migrator at a time. Never backward: a database that
 * has migrations this code does not know is refused. Returns the names of the migrations it ran.
 * @throws {NewerDatabaseError} before anything is changed.
 */
export async function migrate(databaseUrl: string, sets: readonly MigrationSet[]): Promise<string[]> {
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

async function refuseNewer(client: Client, sets: readonly MigrationSet[]): Promise<void> {
  for (const { name, folder } of sets) {
    const files = await readdir(folder);
    const known = new Set(files.map((file) => file.replace(/\.[^.]*$/, '')));
    const unknown = (await migrationsIn(client, `migrations_${name}`)).filter((each) => !known.has(each));
    if (unknown.length > 0)
      throw new NewerDatabaseError(
        `The database ${client.database ?? ''} was brought forward by newer code: this code does not know ${unknown.map((each) => `${name}/${each}`).join(', ')}. Run the newer code, or restore the database as it was.`,
      );
  }
}

async function migrationsIn(client: Client, table: string): Promise<string[]> {
  const { rows: found } = await client.query<{ there: boolean }>(
    'select to_regclass($1) is not null as there',
    [`public.${escapeIdentifier(table)}`],
  );
  if (found[0]?.there !== true) return [];
  const { rows } = await client.query<{ name: string }>(
    `select name from public.${escapeIdentifier(table)} order by id`,
  );
  return rows.map(({ name }) => name);
}

/** Tables of the outbox and inbox, which every service that sends or receives messages has. */
export const MESSAGING_MIGRATIONS: MigrationSet = {
  name: 'messaging',
  folder: new URL('../outbox/migrations/', import.meta.url),
};
