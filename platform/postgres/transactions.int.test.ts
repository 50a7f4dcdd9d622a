import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { type FlakyProxy, startFlakyProxy } from '#tests/support/database/flaky-proxy.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { type Database, failureKind, openDatabase, type Transaction } from './database.ts';

let behind: TestDatabase;
let proxy: FlakyProxy;
/** Reached through the proxy, by a pool of a few connections. */
let database: Database;

beforeAll(async () => {
  behind = await cloneDatabase('orders');
  await behind.sql`create table halves (n integer not null, half integer not null)`;
});
afterAll(() => behind[Symbol.asyncDispose]());

beforeEach(async () => {
  await behind.sql`truncate halves`;
  proxy = await startFlakyProxy({ port: Number(new URL(behind.url).port) });
  database = openDatabase({
    url: proxy.through(behind.url),
    applicationName: 'under test',
    poolSize: 3,
    waitMs: 300,
  });
  return async () => {
    await database.close(0);
    await proxy[Symbol.asyncDispose]();
  };
});

const write = (tx: Pick<Transaction, 'execute'>, n: number, half: number) =>
  tx.execute(sql`insert into halves values (${n}, ${half})`);
const kill = async (tx: Transaction) => {
  const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  await behind.sql`select pg_terminate_backend(${rows[0]?.pid ?? 0}, 2000)`;
};
/** `{ 1: [1, 2] }`: of transaction 1 both halves stand, once. */
async function halves(): Promise<Record<number, number[]>> {
  const found: Record<number, number[]> = {};
  for (const { n, half } of await behind.sql<
    { n: number; half: number }[]
  >`select * from halves order by 1, 2`)
    found[n] = [...(found[n] ?? []), half];
  return found;
}
const whole = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [n, [1, 2]]));

test('a backend killed between two statements delays its transaction, which is there once and whole', async () => {
  let over = false;
  const others = Array.from({ length: 6 }, async () => {
    while (!over) await database.db.execute(sql`select 1`);
  });
  for (let n = 0; n < 10; n++) {
    let runs = 0;
    await database.db.transaction(async (tx) => {
      await write(tx, n, 1);
      if (runs++ === 0) await kill(tx);
      await write(tx, n, 2);
    });
    expect(runs).toBe(2);
  }
  over = true;
  await Promise.all(others);
  expect(await halves()).toEqual(whole(10));
});

test('work that passes over the death of its connection leaves nothing behind', async () => {
  const killed = database.db.transaction(async (tx) => {
    await write(tx, 0, 1);
    await kill(tx);
    await write(tx, 0, 2).catch(() => {});
    await delay(50); // time in which a driver could connect anew
    await write(tx, 0, 3).catch(() => {});
    throw new Error('no more');
  });
  await expect(killed).rejects.toThrow('no more');
  expect(await halves()).toEqual({});
});

test.for(['cut after', 'cut before', 'stall'] as const)(
  'a COMMIT on whose way the connection goes wrong (%s) happens once',
  async (fate) => {
    let commits = 0;
    proxy.onPacket((packet) => (packet.includes('commit') && commits++ === 0 ? fate : 'pass'));
    let runs = 0;
    await database.db.transaction(async (tx) => {
      runs++;
      await write(tx, 0, 1);
      await write(tx, 0, 2);
    });
    expect(await halves()).toEqual(whole(1));
    expect(runs).toBe(fate === 'cut after' ? 1 : 2);
  },
);

test('a COMMIT of which nobody can tell fails as of unknown outcome, and is not repeated', async () => {
  proxy.onPacket((packet) => {
    if (!packet.includes('commit')) return 'pass';
    proxy.refuse(true);
    proxy.cut();
    return 'cut before';
  });
  let runs = 0;
  const error = await rejectionOf(
    database.db.transaction(async (tx) => {
      runs++;
      await write(tx, 0, 1);
    }),
  );
  expect([failureKind(error), runs]).toEqual(['unknown-outcome', 1]);
});

test('a statement that goes astray is found out within two seconds, and what its transaction locked is free', async () => {
  await write(behind.db, 0, 1);
  let stalled = 0;
  proxy.onPacket((packet) => (packet.includes('second') && stalled++ === 0 ? 'stall' : 'pass'));
  const begun = performance.now();
  await database.db.transaction(async (tx) => {
    await tx.execute(sql`select * from halves for update`);
    await tx.execute(sql`select 'second'`);
    await write(tx, 0, 2);
  });
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(await halves()).toEqual(whole(1));
});

test('when all connections go silent at once, the next query is answered within two seconds', async () => {
  await Promise.all(Array.from({ length: 3 }, () => database.db.execute(sql`select pg_sleep(0.05)`)));
  expect(proxy.stall()).toBe(3);
  const begun = performance.now();
  await database.db.execute(sql`select 1`);
  await database.db.execute(sql`select 1`);
  expect(performance.now() - begun).toBeLessThan(2_000);
});

test('a server that has vanished, for new connections too, is found out within some seconds', async () => {
  await database.db.execute(sql`select 1`);
  proxy.stall();
  proxy.stallNew(true);
  const begun = performance.now();
  expect(failureKind(await rejectionOf(database.db.execute(sql`select 1`)))).toBe('away');
  expect(performance.now() - begun).toBeLessThan(6_000);
});

test('a statement that takes its time is not taken for one that went astray', async () => {
  const { rows } = await database.db.execute(sql`select 'done' as it, pg_sleep(1.3)`);
  expect(rows).toMatchObject([{ it: 'done' }]);
});

test('a transaction whose failure was passed over does not pass for one that was committed', async () => {
  const passedOver = database.db.transaction(async (tx) => {
    await write(tx, 0, 1);
    await tx.execute(sql`select 1 / 0`).catch(() => {});
  });
  await expect(passedOver).rejects.toThrow('passed over');
  expect(await halves()).toEqual({});
});

test('a statement that comes after its transaction runs nowhere', async () => {
  let leaked: Transaction | undefined;
  await database.db.transaction(async (tx) => {
    leaked = tx;
    await write(tx, 0, 1);
    await write(tx, 0, 2);
  });
  await expect(leaked?.execute(sql`delete from halves`)).rejects.toThrow();
  expect(await halves()).toEqual(whole(1));
});

test('statements of one transaction asked for at once keep their order', async () => {
  await database.db.transaction(async (tx) => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => write(tx, 0, n)));
  });
  const rows = await behind.sql<{ half: number }[]>`select half from halves order by ctid`;
  expect(rows.map(({ half }) => half)).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

test('connections killed while nobody has them, or at BEGIN, cost nobody anything and leak none', async () => {
  for (let n = 0; n < 20; n++) {
    await behind.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'under test'`;
    await database.db.transaction(async (tx) => {
      await write(tx, n, 1);
      await write(tx, n, 2);
    });
  }
  expect(await halves()).toEqual(whole(20));
  let begins = 0;
  proxy.onPacket((packet) => (packet.includes('begin') && begins++ < 4 ? 'cut before' : 'pass'));
  await database.db.transaction((tx) => write(tx, 20, 1));
  expect(begins).toBe(5);
  // All of the pool's connections can still be had.
  const leases = await Promise.all(Array.from({ length: 3 }, () => database.lease()));
  for (const lease of leases) lease.release();
});

test('of two transactions that wait for each other both are done in the end', async () => {
  await behind.sql`insert into halves values (0, 1), (1, 1)`;
  const both = Promise.withResolvers<void>();
  let first = 0;
  const cross = (one: number, other: number) =>
    database.db.transaction(async (tx) => {
      await tx.execute(sql`update halves set half = half + 1 where n = ${one}`);
      if (++first === 2) both.resolve();
      await both.promise;
      await tx.execute(sql`update halves set half = half + 1 where n = ${other}`);
    });
  await Promise.all([cross(0, 1), cross(1, 0)]);
  expect(await halves()).toEqual({ 0: [3], 1: [3] });
});

test('named statements are prepared on each connection, and survive its death', async () => {
  const find = (tx: Transaction, n: number) =>
    tx
      .select({ n: sql<number>`${n}::integer` })
      .from(sql`generate_series(1, 1)`)
      .prepare('find_n')
      .execute();
  for (let n = 0; n < 3; n++) {
    let runs = 0;
    await database.db.transaction(async (tx) => {
      expect(await find(tx, n)).toEqual([{ n }]);
      if (runs++ === 0) await kill(tx);
      expect(await find(tx, n)).toEqual([{ n }]);
    });
  }
});

test('whoever cannot get a connection is told so in time, and so is whoever takes too long', async () => {
  const leases = await Promise.all(Array.from({ length: 3 }, () => database.lease()));
  expect(failureKind(await rejectionOf(database.db.execute(sql`select 1`)))).toBe('busy');
  for (const lease of leases) lease.release();
  const slow = openDatabase({
    url: behind.url,
    applicationName: 'slow',
    poolSize: 1,
    statementTimeoutMs: 100,
  });
  expect(failureKind(await rejectionOf(slow.db.execute(sql`select pg_sleep(5)`)))).toBe('slow');
  expect((await slow.db.execute(sql`select 1 as one`)).rows).toEqual([{ one: 1 }]);
  await slow.close(0);
});

test('what keeps a database from answering has a name', async () => {
  proxy.refuse(true);
  expect(failureKind(await rejectionOf(database.db.execute(sql`select 1`)))).toBe('away');
  const kindAt = async (change: (url: URL) => void) => {
    const url = new URL(behind.url);
    change(url);
    const other = openDatabase({ url: url.href, applicationName: 'stranger', poolSize: 1 });
    const error = await rejectionOf(other.db.transaction((tx) => write(tx, 0, 1)));
    await other.close(0);
    return failureKind(error);
  };
  expect(await kindAt((url) => (url.pathname = '/nowhere'))).toBe('misconfigured');
  expect(await kindAt((url) => (url.password = 'wrong'))).toBe('misconfigured');
  expect(await kindAt((url) => (url.hostname = 'no-such-host.invalid'))).toBe('away');
  expect(await kindAt((url) => url.searchParams.set('options', '-c default_transaction_read_only=on'))).toBe(
    'read-only',
  );
});
