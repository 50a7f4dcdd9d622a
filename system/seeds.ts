import type { SeedAccount } from '#subgraphs/users/seed/seed.ts';
import { openDatabase } from '#platform/postgres/database.ts';
import type { DatabaseName } from './databases.ts';

/** A seed may wait for another one to be done. */
const STATEMENT_TIMEOUT_MS = 60_000;

/** Puts into a migrated database what a system needs to be tried out. What is there already stays as it is. */
export async function seedDatabase(
  name: DatabaseName,
  url: string,
  accounts: readonly SeedAccount[],
): Promise<void> {
  if (name !== 'users' && name !== 'inventory') return;
  await using database = openDatabase({
    url,
    applicationName: 'seed',
    poolSize: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  if (name === 'users') {
    const { seedUsers } = await import('#subgraphs/users/seed/seed.ts');
    await seedUsers(database, { accounts });
  } else {
    const { seedInventory } = await import('#subgraphs/inventory/seed/seed.ts');
    await seedInventory(database);
  }
}
