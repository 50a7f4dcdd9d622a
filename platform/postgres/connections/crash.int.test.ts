import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { startFlakyProxy } from '#tests/support/database/flaky-proxy.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { until } from '#tests/support/until.ts';
import { failureKind, openDatabase } from '#platform/postgres/database.ts';
import { removeDataFolder, startEmbeddedPostgres } from '#system/postgres/embedded-postgres.ts';

/** Gives out transactions' ids, up to this one, and commits them. */
async function spend(url: string, upTo: bigint): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (let id = 0n; id < upTo; ) {
    const { rows } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
    id = BigInt(rows[0]?.id ?? upTo);
  }
  await client.end();
}

test('what a crash undid is not taken for done because another was committed under its id since', async () => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-crash-'));
  await chmod(folder, 0o755); // for root, PostgreSQL runs under another account
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const dataFolder = path.join(folder, 'postgres');
  opened.defer(() => removeDataFolder(dataFolder));
  const server = opened.use(await startEmbeddedPostgres({ dataFolder, durable: false }));
  const proxy = opened.use(await startFlakyProxy({ port: server.port }));
  const direct = server.url('postgres');
  const database = openDatabase({ url: proxy.through(direct), applicationName: 'crashing', poolSize: 2 });
  opened.defer(() => database.close(0));
  await database.db.execute(sql`create table rows (n integer)`);

  async function crashAndSpend(id: bigint): Promise<void> {
    const pid = await readFile(path.join(dataFolder, 'cluster/postmaster.pid'), 'utf8');
    process.kill(Number.parseInt(pid, 10), 'SIGKILL');
    const spent = () =>
      spend(direct, id + 10n).then(
        () => true,
        () => false,
      );
    await until(spent, 'its id to be given to another');
  }
  async function write(n: number, between: (id: bigint) => Promise<void> | void): Promise<void> {
    await database.db.transaction(async (tx) => {
      const { rows } = await tx.execute<{ id: string }>(sql`select pg_current_xact_id()::text as id`);
      await tx.execute(sql`insert into rows values (${n})`);
      await between(BigInt(rows[0]?.id ?? 0));
    });
  }

  // Before COMMIT is sent: it is done anew.
  let crashes = 0;
  await write(1, (id) => (crashes++ === 0 ? crashAndSpend(id) : undefined));
  expect((await database.db.execute(sql`select n from rows`)).rows).toEqual([{ n: 1 }]);

  // While COMMIT is on its way: nobody can tell any more.
  let crashed: Promise<void> | undefined;
  const lost = write(2, (id) =>
    proxy.onPacket((packet) => {
      if (!packet.includes('commit') || crashed !== undefined) return 'pass';
      proxy.refuse(true);
      crashed = crashAndSpend(id).then(() => proxy.refuse(false));
      return 'cut before';
    }),
  );
  expect(failureKind(await rejectionOf(lost))).toBe('unknown-outcome');
  await crashed;
  expect((await database.db.execute(sql`select n from rows`)).rows).toEqual([{ n: 1 }]);
}, 60_000);
