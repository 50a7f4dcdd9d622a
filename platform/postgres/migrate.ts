import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';

export interface MigrationSet {
  /** Names the table that remembers what has run: `migrations_<name>`. */
  readonly name: string;
  /** Folder of `0001_what-it-does.sql` files. */
  readonly folder: URL;
}

/**
 * Brings one database forward, each migration in a transaction, one migrator at a time. Never backward: a database that
 * has migrations this code does not know is refused. Returns the names of the migrations it ran.
 */
export async function migrate(databaseUrl: string, sets: readonly MigrationSet[]): Promise<string[]> {
  const ran: string[] = [];
  for (const { name, folder } of sets) {
    const dir = fileURLToPath(folder);
    if ((await readdir(dir)).length === 0) continue;
    const done = await runner({
      databaseUrl,
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
}

/** Tables of the outbox and inbox, which every service that sends or receives messages has. */
export const MESSAGING_MIGRATIONS: MigrationSet = {
  name: 'messaging',
  folder: new URL('../outbox/migrations/', import.meta.url),
};
