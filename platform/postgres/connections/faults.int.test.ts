/** Faults that a connection to PostgreSQL can have, beside those of transactions.int.test.ts: one transaction is late, nothing else. */
import { randomUUID } from 'node:crypto';
import dns from 'node:dns';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { type FlakyProxy, startFlakyProxy } from '#tests/support/database/flaky-proxy.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { type Database, failureKind, openDatabase, type Transaction } from '#platform/postgres/database.ts';

const POOL_SIZE = 3;
/** An account of this file's own, so that settings and limits meet nobody else. */
const role = `faults_${randomUUID().replaceAll('-', '')}`;
let behind: TestDatabase;
let proxy: FlakyProxy;
let opened: Database[];

beforeAll(async () => {
  behind = await cloneDatabase('orders');
  await behind.sql.unsafe(`
    create table halves (n integer not null, half integer not null);
    create role ${role} login password 'first';
    grant all on halves to ${role};`);
});
afterAll(async () => {
  await behind.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  await behind[Symbol.asyncDispose]();
});

beforeEach(async () => {
  opened = [];
  await behind.sql`truncate halves`;
  proxy = await startFlakyProxy({ port: Number(new URL(behind.url).port) });
  return async () => {
    await Promise.all(opened.map((each) => each.close(0)));
    await proxy[Symbol.asyncDispose]();
    await behind.sql.unsafe(
      `alter role ${role} reset all; alter role ${role} connection limit -1 password 'first'`,
    );
  };
});

/** By way of the proxy, under the account of this file's own. */
function open(change: (url: URL) => void = () => {}, waitMs = 2_000): Database {
  const url = new URL(proxy.through(behind.url));
  url.username = role;
  url.password = 'first';
  change(url);
  const database = openDatabase({
    url: url.href,
    applicationName: 'under test',
    poolSize: POOL_SIZE,
    waitMs,
  });
  opened.push(database);
  return database;
}

const write = (tx: Pick<Transaction, 'execute'>, n: number, half: number) =>
  tx.execute(sql`insert into halves values (${n}, ${half})`);
const pair = ({ db }: Database, n: number, meanwhile: () => Promise<unknown> = async () => {}) =>
  db.transaction(async (tx) => {
    await write(tx, n, 1);
    await meanwhile();
    await write(tx, n, 2);
  });
const found = async () =>
  (await behind.sql`select n, json_agg(half order by half) as halves from halves group by n order by n`).map(
    ({ n, halves }) => [n, halves],
  );
const whole = (count: number) => Array.from({ length: count }, (_, n) => [n, [1, 2]]);

test('when every connection of the pool dies at COMMIT, what became of each is found out', async () => {
  const database = open();
  await Promise.all(Array.from({ length: POOL_SIZE }, () => database.db.execute(sql`select pg_sleep(0.05)`)));
  let commits = 0;
  const all = Promise.withResolvers<void>();
  let begunCount = 0;
  proxy.onPacket((packet) => (packet.includes('commit') && commits++ < POOL_SIZE ? 'cut after' : 'pass'));
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: POOL_SIZE }, (_, n) =>
      pair(database, n, async () => {
        if (++begunCount === POOL_SIZE) all.resolve();
        await all.promise;
      }),
    ),
  );
  expect(await found()).toEqual(whole(POOL_SIZE));
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test('of two addresses of a host one is enough, and where none answers the error says what each said', async () => {
  onTestFinished(() => void vi.restoreAllMocks());
  vi.spyOn(dns, 'lookup').mockImplementation(((
    _host: string,
    _options: object,
    done: (error: null, addresses: dns.LookupAddress[]) => void,
  ) =>
    done(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ])) as never);
  const database = open((url) => (url.hostname = 'two-addresses.invalid'));
  await pair(database, 0);
  expect(await found()).toEqual(whole(1));
  const dead = open((url) => {
    url.hostname = 'two-addresses.invalid';
    url.port = '1';
  });
  const error = await rejectionOf(dead.lease());
  expect(failureKind(error)).toBe('away');
  expect(String(error)).toMatch(/ECONNREFUSED ::1:1; .*ECONNREFUSED 127.0.0.1:1/);
});

test('a way on which connecting takes more than a second is slow, and not the server away', async () => {
  proxy.delay(200);
  const database = open();
  await write(database.db, 0, 1);
  expect(await found()).toEqual([[0, [1]]]);
});

test('while the server has no room for another connection, those that there are do all the work', async () => {
  const database = open();
  await database.db.execute(sql`select 1`);
  await behind.sql.unsafe(`alter role ${role} connection limit 1`);
  await Promise.all(Array.from({ length: 8 }, (_, n) => pair(database, n)));
  expect(await found()).toEqual(whole(8));
});

test('while a changed password keeps new connections out, those that there are do all the work', async () => {
  const database = open();
  await database.db.execute(sql`select 1`);
  await behind.sql.unsafe(`alter role ${role} password 'second'`);
  await Promise.all(Array.from({ length: 8 }, (_, n) => pair(database, n)));
  expect(await found()).toEqual(whole(8));
});
test.for([1, 12, 20])('the answer to COMMIT, cut off after %i bytes, is made up for', async (bytes) => {
  const database = open();
  let commits = 0;
  let runs = 0;
  proxy.cutWithin(bytes);
  proxy.onPacket((packet) => (packet.includes('commit') && commits++ === 0 ? 'cut within' : 'pass'));
  await pair(database, 0, async () => void runs++);
  expect(await found()).toEqual(whole(1));
  expect(runs).toBe(1);
});

test.for([
  ['idle_session_timeout', '10ms', null],
  ['idle_in_transaction_session_timeout', '10ms', null], // our own is longer, and is what counts
  ['statement_timeout', '10ms', null], // as is this
  ['transaction_timeout', '10ms', 'slow'],
  ['default_transaction_isolation', 'serializable', null],
  ['default_transaction_read_only', 'on', 'read-only'],
] as const)(
  'an account with %s = %s costs nobody more than the transaction that it ends',
  async ([name, value, kind]) => {
    const database = open();
    await behind.sql.unsafe(`alter role ${role} set ${name} = '${value}'`);
    for (let n = 0; n < (kind === null ? 3 : 1); n++) {
      const done = pair(database, n, () => database.db.execute(sql`select pg_sleep(0.03)`)).catch(
        failureKind,
      );
      expect((await done) ?? null).toBe(kind);
    }
    await behind.sql.unsafe(`alter role ${role} reset ${name}`);
    await behind.sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
    for (let n = 0; n < 3; n++) await pair(database, 3 + n);
    expect((await found()).length).toBe(kind === null ? 6 : 3);
  },
);

test('whoever waits for a connection while none can be made is told why, and that is not that all are taken', async () => {
  const database = open(undefined, 300);
  proxy.refuse(true);
  expect(failureKind(await rejectionOf(database.lease()))).toBe('away');
  proxy.refuse(false);
  proxy.stallNew(true);
  const errors = await Promise.all(
    Array.from({ length: POOL_SIZE + 2 }, () => rejectionOf(database.lease())),
  );
  expect(errors.map(failureKind)).toEqual(errors.map(() => 'away'));
  proxy.stallNew(false);
  await pair(database, 9);
});
