import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { type FlakyProxy, startFlakyProxy } from '#tests/support/database/flaky-proxy.ts';
import { until } from '#tests/support/until.ts';
import { type Database, openDatabase } from '#platform/postgres/database.ts';

let behind: TestDatabase;
let proxy: FlakyProxy;
let database: Database;
const heard: string[] = [];
let begun = 0;

beforeAll(async () => {
  behind = await cloneDatabase('orders');
  proxy = await startFlakyProxy({ port: Number(new URL(behind.url).port) });
  database = openDatabase({ url: proxy.through(behind.url), applicationName: 'listening', poolSize: 1 });
  await database.listen(
    'news',
    (text) => heard.push(text),
    () => begun++,
  );
});
afterAll(async () => {
  await database.close(0);
  await proxy[Symbol.asyncDispose]();
  await behind[Symbol.asyncDispose]();
});

const notify = (text: string) => behind.sql`select pg_notify('news', ${text})`;
const hears = async (text: string) => {
  await notify(text);
  await until(() => heard.includes(text), text, 2_000);
};

test('whoever listens is told that it listens, and what it is told from then on', async () => {
  expect(begun).toBe(1);
  await hears('first');
});

test('a listening connection that is killed over and over listens again, says so, and ends no process', async () => {
  for (let n = 0; n < 10; n++) {
    const before = begun;
    await behind.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listening listener'`;
    await until(() => begun > before, 'listening again');
    await hears(`after kill ${n}`);
    proxy.cut();
    await until(() => begun > before + 1, 'listening again');
    await hears(`after cut ${n}`);
  }
  expect(heard).toContain('after cut 9');
}, 30_000);

test('a listening connection on which nothing gets through any more is replaced within two seconds', async () => {
  const before = begun;
  proxy.stall();
  const since = performance.now();
  await until(() => begun > before, 'listening again');
  // Looked for after 700 ms, given up after another second.
  expect(performance.now() - since).toBeLessThan(2_200);
  await hears('after silence');
});

test('a server that is away for a while is listened to again when it comes back', async () => {
  const before = begun;
  proxy.refuse(true);
  proxy.cut();
  await expect(database.db.execute('select 1')).rejects.toThrow();
  proxy.refuse(false);
  await until(() => begun > before, 'listening again');
  await hears('after its return');
});

test('who has left is told nothing more', async () => {
  const told: string[] = [];
  const listening = await database.listen(
    'gossip',
    (text) => told.push(text),
    () => {},
  );
  await behind.sql`select pg_notify('gossip', 'one')`;
  await until(() => told.length === 1, 'gossip');
  await listening[Symbol.asyncDispose]();
  await behind.sql`select pg_notify('gossip', 'two')`;
  await hears('after the gossip');
  expect(told).toEqual(['one']);
});
