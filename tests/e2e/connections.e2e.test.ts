import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ProductsDocument } from '#tests/documents/documents.generated.ts';
import { createRandom, hash } from '#tests/oracle/random.ts';
import { createApiClient } from '#tests/support/api-client.ts';
import { startTestSystem, type TestSystem } from '#tests/support/system.ts';
import { findHalves, openBooks, untilSettled } from './connections/books.ts';
import { harm } from './connections/chaos.ts';
import { type Acknowledged, shop } from './connections/load.ts';
import { createPairs, writePairs } from './connections/pairs.ts';
import { longestPause, probeAll } from './connections/probes.ts';
import { type BehindProxy, startServerBehindProxy } from './connections/servers.ts';

/*
 * CONNECTIONS_SECONDS   how long connections are harmed (15)
 * CONNECTIONS_SEED      repeats the choices of a run, as far as processes and sockets let themselves be repeated
 */
const SECONDS = Number(process.env['CONNECTIONS_SECONDS'] ?? 15);
const SEED = Number(process.env['CONNECTIONS_SEED'] ?? Math.floor(Math.random() * 2 ** 32)) >>> 0;

const CUSTOMERS = 4;
const PAUSE_AT_MOST_MS = 2_000;
/** For starting and stopping, and for what is still under way when the harm ends. On a busy machine, too. */
const BESIDES_MS = 150_000;

test(`while connections to the databases die in every way, nothing stands by halves, nothing acknowledged is missing, no process ends and none pauses (CONNECTIONS_SEED=${SEED})`, {
  timeout: SECONDS * 1_000 + BESIDES_MS,
}, async () => {
  await using server = await startServerBehindProxy();
  await using system = await startTestSystem({ databaseUrls: server.urls });
  const { told, pairs, probed, done } = await torment(system, server);
  await using books = openBooks(server);
  await untilSettled(books);

  const pauses = Object.fromEntries(
    probed.map(({ service, answered }) => [service, longestPause(answered, done.away)]),
  );
  const slowest = Object.fromEntries(probed.map((each) => [each.service, each.slowestMs]));
  const refused = Object.fromEntries(probed.map((each) => [each.service, each.refused]));
  const counts = {
    orders: told.orders.length,
    cancelled: told.cancelled.length,
    refunds: told.refunds.length,
  };
  const { away, ...harmed } = done;
  const absent = away.map(({ from, until }) => Math.round(until - from));
  const written = { pairs: pairs.acknowledged.length, failed: pairs.failed };
  console.log(
    `CONNECTIONS_SEED=${SEED} ${JSON.stringify({ ...harmed, absent, pauses, slowest, ...counts, ...written, errors: told.errors, refused })}`,
  );

  expect(system.events.filter(({ kind }) => kind === 'ended')).toEqual([]);
  const unexpected = system.events.filter(
    (event) => event.kind === 'warning' && /^unexpected error|^uncaught|nobody waits/.test(event.text),
  );
  expect(unexpected).toEqual([]);
  expect(await findHalves(books)).toEqual([]);
  await expectAllThere(books, told, pairs.acknowledged);
  const codes = [...Object.keys(told.errors), ...probed.flatMap((each) => Object.keys(each.refused))];
  expect(codes.filter((code) => !/^(SERVICE_|SUBGRAPH_|OVERLOADED)/.test(code))).toEqual([]);
  for (const pause of Object.values(pauses)) expect(pause).toBeLessThan(PAUSE_AT_MOST_MS);
  // Otherwise it has shown nothing.
  expect(done.terminated).toBeGreaterThan(SECONDS * 10);
  expect(done.inTransaction).toBeGreaterThan(SECONDS);
  expect([done.restarts, Math.min(done.cut, done.stalled) > 0]).toEqual([2, true]);
  expect(Math.min(counts.orders, counts.cancelled, counts.refunds, written.pairs)).toBeGreaterThan(0);
});

async function torment(system: TestSystem, server: BehindProxy) {
  // One generator for each who chooses: what one of them does must not depend on how quick another one was.
  const randomOf = (who: string) => createRandom(SEED ^ hash(who));
  await using customer = createApiClient(system.url);
  await using staff = createApiClient(system.url);
  await customer.logIn(system.account('ada'));
  await staff.logIn(system.account('staff'));
  const { products } = await customer.ask(ProductsDocument, { first: 100 });
  const sku = products.nodes
    .flatMap(({ variants }) => variants)
    .toSorted((a, b) => b.available - a.available)[0]?.sku;
  if (sku === undefined) throw new Error('there is nothing to order');

  await createPairs(server);
  const told: Acknowledged = { orders: [], cancelled: [], refunds: [], errors: {} };
  const ending = new AbortController();
  const over = ending.signal;
  const load = Array.from({ length: CUSTOMERS }, (_, index) =>
    shop({ customer, staff, sku, random: randomOf(`customer ${index}`), over }, told),
  );
  const [, probed, pairs, done] = await Promise.all([
    Promise.all(load),
    probeAll(system, over),
    writePairs(server, randomOf, over),
    harm(server, randomOf, SECONDS, over),
    delay(SECONDS * 1_000).then(() => ending.abort()),
  ]);
  return { told, pairs, probed, done };
}

async function expectAllThere(
  { orders, payments }: ReturnType<typeof openBooks>,
  told: Acknowledged,
  pairs: readonly number[],
): Promise<void> {
  const missing = async (sql: typeof orders, query: string, ids: readonly (string | number)[]) => {
    const there = new Set((await sql.unsafe<{ id: string | number }[]>(query)).map(({ id }) => id));
    return ids.filter((id) => !there.has(id));
  };
  expect(await missing(orders, 'select n as id from pairs', pairs)).toEqual([]);
  expect(await missing(orders, 'select id from orders', told.orders)).toEqual([]);
  const cancelled = `select id from orders where status = 'CANCELLED'`;
  expect(await missing(orders, cancelled, told.cancelled)).toEqual([]);
  expect(await missing(payments, `select id from refunds where status = 'SUCCEEDED'`, told.refunds)).toEqual(
    [],
  );
  // Under its key each was placed once.
  const [{ count } = { count: 0 }] = await orders<{ count: number }[]>`select count(*)::int from orders`;
  expect(count).toBe(new Set(told.orders).size);
}
