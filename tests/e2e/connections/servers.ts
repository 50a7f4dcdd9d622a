import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startEmbeddedPostgres } from '#system/postgres/embedded-postgres.ts';
import { type FlakyProxy, startFlakyProxy } from '#tests/support/database/flaky-proxy.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '#tests/support/system.ts';
import { DATABASES, type DatabaseName } from '#system/databases.ts';

/** A PostgreSQL server for the whole system, and a bad network between the two. */
export interface BehindProxy extends AsyncDisposable {
  readonly proxy: FlakyProxy;
  /** What the services are given: by way of the proxy. */
  readonly urls: Readonly<Record<DatabaseName, string>>;
  /** The test's own way, around the proxy. */
  direct(name: DatabaseName): string;
  /** Has the server end at once, with grace (it closes all connections) or without, and be started again. */
  restart(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
}

export async function startServerBehindProxy(): Promise<BehindProxy> {
  await using starting = new AsyncDisposableStack();
  const folder = await makeTemporaryFolder();
  starting.defer(() => removeTemporaryFolder(folder));
  const dataFolder = path.join(folder, 'postgres');
  const server = starting.use(await startEmbeddedPostgres({ dataFolder, durable: false }));
  await Promise.all(DATABASES.map(({ name }) => server.createDatabase(name)));
  const proxy = starting.use(await startFlakyProxy({ port: server.port }));
  const urls = Object.fromEntries(DATABASES.map(({ name }) => [name, proxy.through(server.url(name))]));
  const running = starting.move();
  return {
    proxy,
    urls: urls as Record<DatabaseName, string>,
    direct: (name) => server.url(name),
    async restart(signal) {
      const lock = await readFile(path.join(dataFolder, 'cluster/postmaster.pid'), 'utf8');
      process.kill(Number.parseInt(lock, 10), signal);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
