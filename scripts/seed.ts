/**
 * `node scripts/seed.ts`: puts the catalogue into the migrated database that `INVENTORY_DATABASE_URL` names and, where
 * `USERS_DATABASE_URL` and `SEED_PASSWORD` are set, log-ins with that password. What is there already stays as it is.
 */
import { explainStartFailure } from '#platform/process/start-failure.ts';
import { seedDatabase } from '#system/seeds.ts';
import { ACCOUNTS } from '#system/start/secrets.ts';

const { INVENTORY_DATABASE_URL: inventory, USERS_DATABASE_URL: users, SEED_PASSWORD: password } = process.env;
/** Says in a line why a database cannot be seeded, and the way out. */
async function seed(variable: string, ...what: Parameters<typeof seedDatabase>): Promise<void> {
  try {
    await seedDatabase(...what);
  } catch (error) {
    console.error(
      `${variable}: ${explainStartFailure(error) ?? (error instanceof Error ? error.stack : error)}`,
    );
    process.exit(1);
  }
}

if (!inventory && !users) {
  console.error('Nothing to seed: set INVENTORY_DATABASE_URL, USERS_DATABASE_URL or both.');
  process.exit(1);
}
if (users && password) {
  const { seedPasswordFault } = await import('#subgraphs/users/seed/seed.ts');
  const fault = await seedPasswordFault(password, ACCOUNTS);
  if (fault !== null) {
    console.error(`SEED_PASSWORD will not do. ${fault}`);
    process.exit(1);
  }
}
if (inventory) {
  await seed('INVENTORY_DATABASE_URL', 'inventory', inventory, []);
  console.log('inventory: the catalogue is there');
}
if (users && !password) {
  console.log('users: no log-ins made, for SEED_PASSWORD is not set');
} else if (users && password) {
  await seed(
    'USERS_DATABASE_URL',
    'users',
    users,
    ACCOUNTS.map((account) => ({ ...account, password })),
  );
  console.log(`users: ${ACCOUNTS.map(({ email }) => email).join(', ')} are there`);
}
