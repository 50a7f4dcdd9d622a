/** What callers of a subgraph are told, and its operators, while its database does not do its part. */
import type { ExecutionResult } from 'graphql';
import type { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createLogger } from '#platform/process/logger.ts';
import { type FlakyProxy, startFlakyProxy } from '#tests/support/database/flaky-proxy.ts';
import { TEST_GATEWAY_SECRET } from '#tests/support/subgraphs/subgraph-client.ts';
import {
  type RunningSubgraphs,
  startSubgraphs,
  SUBGRAPH_NAMES,
  type SubgraphName,
} from '#tests/support/subgraphs/subgraphs.ts';
import { until } from '#tests/support/until.ts';

let proxy: FlakyProxy;
let busProxy: FlakyProxy;
let subgraphs: RunningSubgraphs;
let logged: Record<string, unknown>[] = [];

beforeAll(async () => {
  const port = Number(new URL(inject('postgresUrl')).port);
  [proxy, busProxy] = await Promise.all([startFlakyProxy({ port }), startFlakyProxy({ port })]);
  const write = (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>);
  subgraphs = await startSubgraphs({
    reach: proxy.through,
    reachBus: busProxy.through,
    logger: createLogger('services', 'info', { write } satisfies pino.DestinationStream),
  });
});
afterAll(async () => {
  await subgraphs[Symbol.asyncDispose]();
  await Promise.all([proxy, busProxy].map((each) => each[Symbol.asyncDispose]()));
});

const entity = (typename: string) =>
  `{ _entities(representations: [{ __typename: "${typename}", id: "${uuidv7()}" }]) { __typename } }`;
/** One read and one write of each. */
const READS: Readonly<Record<SubgraphName, string>> = {
  users: entity('User'),
  inventory: '{ products(first: 1) { nodes { id } } }',
  orders: entity('Order'),
  payments: entity('Payment'),
};
const WRITES: Readonly<Record<SubgraphName, string>> = {
  users:
    'mutation { registerUser(input: { email: "a@example.com", password: "eleven grey herons", name: "A" }) { userErrors { code } } }',
  inventory:
    'mutation { createProduct(input: { idempotencyKey: "1", name: "A", description: "B", variants: [{ sku: "A", name: "C", price: { amount: "1", currencyCode: "GBP" } }] }) { userErrors { code } } }',
  orders: `mutation { cancelOrder(input: { orderId: "${uuidv7()}" }) { userErrors { code } } }`,
  payments: `mutation { refundPayment(input: { idempotencyKey: "1", paymentId: "${uuidv7()}", amount: { amount: "1", currencyCode: "GBP" } }) { userErrors { code } } }`,
};

const PLACE = `mutation { placeOrder(input: { idempotencyKey: "2", paymentMethod: "tok_visa", lines: [{ sku: "A", quantity: 1 }],
  shippingAddress: { name: "A", line1: "1", city: "B", postalCode: "C", countryCode: "GB" } }) { order { id } userErrors { code } } }`;

const codes = ({ errors = [] }: ExecutionResult) => errors.map(({ extensions }) => extensions['code']);
const health = async (name: SubgraphName, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`http://127.0.0.1:${subgraphs.ports[name]}${path}`, { headers });
  return [response.status, await response.json()];
};
const ask = (name: SubgraphName, query: string) => subgraphs.clients[name].answer(query, {}, subgraphs.staff);

test.each(SUBGRAPH_NAMES)(
  '%s: with its database away, says that one may try again, why, and is not ready',
  async (name) => {
    expect(codes(await ask(name, READS[name]))).toEqual([]);
    expect(await health(name, '/health/ready')).toEqual([200, { status: 'ok' }]);
    logged = [];
    proxy.refuse(true);
    proxy.cut();
    try {
      for (const query of [READS[name], WRITES[name]]) {
        const answer = await ask(name, query);
        expect(codes(answer)).toEqual(['SERVICE_UNAVAILABLE']);
        expect(answer.errors?.[0]).toMatchObject({ extensions: { retryable: true } });
      }
      expect(await health(name, '/health/live')).toEqual([200, { status: 'ok' }]);
      const unavailable = [503, { status: 'unavailable', reason: 'database away' }];
      expect(await health(name, '/health/ready')).toEqual(unavailable);
      expect(await health(name, '/health')).toEqual(unavailable);
      const failures = logged.filter(({ kind }) => kind === 'away');
      expect(failures.length).toBeGreaterThan(0);
      for (const { error } of failures)
        expect(error).toMatchObject({
          type: 'DatabaseUnavailableError',
          message: expect.stringContaining(name),
        });
      expect(JSON.stringify(logged)).not.toContain('FailedQuery');
      expect(JSON.stringify(logged)).not.toContain('unexpected error');
    } finally {
      proxy.refuse(false);
    }
    await until(async () => codes(await ask(name, READS[name])).length === 0, 'its return');
    expect(await health(name, '/health/ready')).toEqual([200, { status: 'ok' }]);
  },
);

test('a full disk is told to callers as unavailable, to operators as what it is, and the service is not ready', async () => {
  const { sql } = subgraphs.databases.users;
  await sql.unsafe(`
    create function no_room() returns trigger language plpgsql as
      $$ begin raise exception using errcode = 'disk_full', message = 'could not extend file: No space left on device'; end $$;
    create trigger no_room before insert on users for each row execute function no_room();`);
  logged = [];
  expect(codes(await ask('users', WRITES.users))).toEqual(['SERVICE_UNAVAILABLE']);
  expect(logged).toContainEqual(
    expect.objectContaining({
      kind: 'full',
      error: expect.objectContaining({ code: '53100', message: expect.stringContaining('No space left') }),
    }),
  );
  expect(JSON.stringify(logged)).not.toContain('a@example.com');
  expect(await health('users', '/health/ready')).toEqual([
    503,
    { status: 'unavailable', reason: 'database full' },
  ]);
  expect(codes(await ask('users', READS.users))).toEqual([]);
  await sql`drop trigger no_room on users`;
  await until(async () => (await health('users', '/health/ready'))[0] === 200, 'room to be found', 8_000);
});

test('a server that takes no writes any more is told so, and is left for the one its name leads to then', async () => {
  const { sql } = subgraphs.databases.inventory;
  const [{ name } = { name: '' }] = await sql<{ name: string }[]>`select current_database() as name`;
  await sql`alter database ${sql(name)} set default_transaction_read_only = on`;
  proxy.cut();
  expect(codes(await ask('inventory', WRITES.inventory))).toEqual(['SERVICE_UNAVAILABLE']);
  expect(codes(await ask('inventory', READS.inventory))).toEqual([]);
  expect((await health('inventory', '/health/ready'))[1]).toMatchObject({ reason: 'database read-only' });
  await sql.begin('read write', (tx) => tx`alter database ${tx(name)} reset default_transaction_read_only`);
  expect(codes(await ask('inventory', WRITES.inventory))).toEqual([]);
  expect(await health('inventory', '/health/ready')).toEqual([200, { status: 'ok' }]);
});

test('a live stream goes on when its database comes back, and one that begins meanwhile waits for it', async () => {
  const query = 'subscription { ordersUpdated(after: 0) { position order { id } } }';
  const follow = () => subgraphs.clients.orders.follow(query, {}, subgraphs.staff);
  const updates = follow();
  expect(codes(await ask('orders', PLACE))).toEqual([]);
  expect((await updates.next()).value).toMatchObject({ data: { ordersUpdated: { position: 1 } } });
  proxy.refuse(true);
  proxy.cut();
  const begunMeanwhile = follow().next();
  expect(codes(await ask('orders', PLACE))).toEqual(['SERVICE_UNAVAILABLE']);
  proxy.refuse(false);
  expect((await begunMeanwhile).value).toMatchObject({ data: { ordersUpdated: { position: 1 } } });
  await until(async () => codes(await ask('orders', PLACE)).length === 0, 'an order to be placed');
  expect((await updates.next()).value).toMatchObject({ data: { ordersUpdated: { position: 2 } } });
});

test('with the bus away a service serves, is ready, and says that messages wait; with its database away as well it is not', async () => {
  busProxy.refuse(true);
  busProxy.cut();
  try {
    for (const name of SUBGRAPH_NAMES) {
      expect(codes(await ask(name, READS[name]))).toEqual([]);
      const degraded = [200, { status: 'degraded', reason: 'bus away' }];
      expect(await health(name, '/health/ready')).toEqual(degraded);
      expect(await health(name, '/health')).toEqual(degraded);
      expect(await health(name, '/health/live')).toEqual([200, { status: 'ok' }]);
    }
    proxy.refuse(true);
    proxy.cut();
    const unavailable = [503, { status: 'unavailable', reason: 'database away' }];
    expect(await health('orders', '/health/ready')).toEqual(unavailable);
  } finally {
    proxy.refuse(false);
    busProxy.refuse(false);
  }
  for (const name of SUBGRAPH_NAMES)
    await until(
      async () => ((await health(name, '/health/ready'))[1] as { status: string }).status === 'ok',
      `the bus of ${name} to be back`,
    );
  busProxy.stall();
  busProxy.stallNew(true);
  const askedAt = performance.now();
  expect(await health('orders', '/health/ready')).toEqual([200, { status: 'degraded', reason: 'bus slow' }]);
  expect(performance.now() - askedAt).toBeLessThan(3_000); // what probes wait for
  busProxy.stallNew(false);
  busProxy.cut();
});

test('whoever shows the secret of another gateway learns that it is refused', async () => {
  const shown = (secret: string) => health('orders', '/health/ready', { 'x-gateway-secret': secret });
  expect(await shown('another secret')).toEqual([403, { status: 'refused', reason: 'secret refused' }]);
  await until(
    async () => JSON.stringify(await shown(TEST_GATEWAY_SECRET)) === '[200,{"status":"ok"}]',
    'the right one to do',
  );
});
