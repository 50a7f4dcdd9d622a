import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { removeDataFolder, startEmbeddedPostgres } from '#system/postgres/embedded-postgres.ts';
import { migrate } from '#platform/postgres/migrate.ts';
import { DATABASES } from '#system/databases.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The run's server: its database `postgres`, from which others are reached and made. */
    postgresUrl: string;
  }
}

/** `users` → `template_users`: a migrated, empty database that nobody ever connects to, to be cloned. */
export function templateName(database: string): string {
  return `template_${database}`;
}

/** One throw-away PostgreSQL for the integration tests of a run, with a migrated template of each database. */
// oxlint-disable-next-line import/no-default-export -- the shape that vitest calls
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await using starting = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-test-'));
  starting.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755); // for root, PostgreSQL runs under another account
  const dataFolder = path.join(folder, 'postgres');
  starting.defer(() => removeDataFolder(dataFolder));
  const server = starting.use(await startEmbeddedPostgres({ dataFolder, durable: false }));
  await Promise.all(
    DATABASES.map(async ({ name, migrations }) => {
      await server.createDatabase(templateName(name));
      await migrate(server.url(templateName(name)), migrations);
    }),
  );
  project.provide('postgresUrl', server.url('postgres'));
  const running = starting.move();
  return () => running.disposeAsync();
}
