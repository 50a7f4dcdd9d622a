/**
 * `npm run migrate`: brings forward the databases that the environment names (`USERS_DATABASE_URL` and so on), and no
 * other. Safe to run beside itself and beside the services. Exits 1 if one fails; those before it stay migrated.
 */
import { migrate } from '#platform/postgres/migrate.ts';
import { explainStartFailure } from '#platform/process/start-failure.ts';
import { DATABASES } from '#system/databases.ts';

const named = DATABASES.filter(({ variable }) => process.env[variable]);
if (named.length === 0) {
  console.error(
    `Nothing to migrate: set one or more of ${DATABASES.map(({ variable }) => variable).join(', ')}.`,
  );
  process.exit(1);
}
for (const { name, variable, migrations } of named) {
  try {
    const ran = await migrate(process.env[variable] as string, migrations);
    console.log(`${name}: ${ran.length === 0 ? 'up to date' : ran.join(', ')}`);
  } catch (error) {
    console.error(
      `${variable}: ${explainStartFailure(error) ?? (error instanceof Error ? error.stack : error)}`,
    );
    process.exit(1);
  }
}
