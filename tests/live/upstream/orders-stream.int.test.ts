import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pino } from 'pino';
import { readConfig } from '#gateway/settings.ts';
import { createGateway } from '#gateway/gateway.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { createTokenVerifierFrom } from '#platform/auth/verify-token.ts';
import { silentLogger } from '#platform/process/logger.ts';
import { planInThreads } from '#tests/support/planner-threads.ts';
import { createOrdersSubgraph } from '#subgraphs/orders/subgraph.ts';
import { startOrders } from '#subgraphs/orders/testing.ts';
import { createTestTokens } from '#tests/support/tokens.ts';
import { TEST_GATEWAY_SECRET } from '#tests/support/subgraphs/subgraph-client.ts';
import { composeSubgraphs } from '#system/supergraph.ts';
import { connectAcknowledged, type RawClient, subscribeMessage } from '#tests/live/support/raw-client.ts';

let malformed: Awaited<ReturnType<typeof startOrders>>;
beforeAll(async () => {
  malformed = await startOrders();
});
afterAll(() => malformed[Symbol.asyncDispose]());

const withoutKeys = createTokenVerifierFrom(() => Promise.reject(new TypeError('fetch failed')));

/** A gateway over the real orders service, of which there are two: one that the gateway asks, and one that goes on alone. */
async function startShop() {
  await using opening = new AsyncDisposableStack();
  const orders = opening.use(await startOrders());
  let keysAreAway = false;
  let asked: Awaited<ReturnType<typeof createOrdersSubgraph>> | undefined;
  let port = 0;
  const start = async () => {
    asked = await createOrdersSubgraph({
      database: orders.database,
      bus: orders.bus,
      verifyToken: (authorization) => (keysAreAway ? withoutKeys : orders.tokens.verifyToken)(authorization),
      gatewaySecret: TEST_GATEWAY_SECRET,
      logger: silentLogger,
    });
    port = await asked.listen({ host: '127.0.0.1', port });
  };
  const stop = async () => asked?.[Symbol.asyncDispose]();
  await start();
  opening.defer(stop);

  const folder = await mkdtemp(join(tmpdir(), 'orders-stream-'));
  opening.defer(() => rm(folder, { recursive: true }));
  const file = join(folder, 'supergraph.graphql');
  const sdl = await composeSubgraphs({ orders: `http://127.0.0.1:${port}/graphql` });
  await writeFile(file, sdl);
  const config = readConfig(['--supergraph', file, '--port', '0'], { GATEWAY_SECRET: TEST_GATEWAY_SECRET });
  const logger = pino({ level: 'silent' });
  const gateway = opening.use(
    createGateway({
      config,
      logger,
      supergraph: parseSupergraph(sdl),
      createPlanning: planInThreads(config.planning),
    }),
  );
  const { url } = await gateway.listen();
  const opened = opening.move();
  return {
    orders,
    stop,
    start,
    /** What orders listens on, for whoever does not go through the gateway. */
    get port() {
      return port;
    },
    loseKeys(lost: boolean) {
      keysAreAway = lost;
    },
    wsUrl: url.replace('http', 'ws'),
    metrics: gateway.live.metrics,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

test('a stream over all orders that is lost before its first event misses no order of the time between', async () => {
  await using shop = await startShop();
  await shop.orders.place();
  await using client = await connectAcknowledged(shop.wsUrl, { authorization: shop.orders.staff });
  client.send(subscribeMessage('1', 'subscription { ordersUpdated { position order { id } } }'));
  await expect.poll(() => shop.metrics.positions, { timeout: 10_000 }).toBe(1);

  await shop.stop();
  const placed = [(await shop.orders.place()).order, (await shop.orders.place()).order];
  await shop.start();

  for (const { id } of placed) {
    expect((await client.next()).payload?.data).toMatchObject({ ordersUpdated: { order: { id } } });
  }
});

const UPDATED =
  'subscription ($id: ID!, $after: Int) { orderUpdated(orderId: $id, after: $after) { version } }';

/** Follows a new order; resolves when it has its first version. The returned function moves the order and waits for it. */
async function followNewOrder(shop: Awaited<ReturnType<typeof startShop>>, client: RawClient) {
  const { id } = (await shop.orders.place()).order;
  client.send(subscribeMessage('order', UPDATED, { variables: { id } }));
  expect((await client.next()).payload?.data).toEqual({ orderUpdated: { version: 1 } });
  return async function cancelIt() {
    await shop.orders.client.ask(
      'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { order { id } } }',
      { id },
      shop.orders.ada,
    );
    expect(await client.next()).toMatchObject({
      id: 'order',
      payload: { data: { orderUpdated: { version: 2 } } },
    });
  };
}

test('a bad token ends its own subscription at once, with UNAUTHENTICATED, and nobody else notices', async () => {
  await using shop = await startShop();
  await using client = await connectAcknowledged(shop.wsUrl, { authorization: shop.orders.ada });
  const goesOn = await followNewOrder(shop, client);
  const rotated = await createTestTokens();

  for (const authorization of [
    'Bearer garbage',
    'Bearer null',
    'Bearer',
    'Basic x',
    'x',
    await rotated.customer(),
  ]) {
    await using other = await connectAcknowledged(shop.wsUrl, { authorization });
    other.send(subscribeMessage('1', 'subscription { orderUpdated(orderId: "x") { version } }'));
    expect(await other.next()).toMatchObject({
      id: '1',
      type: 'error',
      payload: [{ extensions: { code: 'UNAUTHENTICATED', service: 'orders' } }],
    });
  }

  await goesOn();
  expect(shop.metrics.upstreamReconnects).toBe(0);
});

test('while tokens cannot be checked, who comes gets a retryable error, and who is there goes on', async () => {
  await using shop = await startShop();
  await using client = await connectAcknowledged(shop.wsUrl, { authorization: shop.orders.ada });
  const goesOn = await followNewOrder(shop, client);

  shop.loseKeys(true);
  await using other = await connectAcknowledged(shop.wsUrl, { authorization: shop.orders.ada });
  other.send(subscribeMessage('1', UPDATED, { variables: { id: 'x' } }));
  expect(await other.next()).toMatchObject({
    id: '1',
    type: 'error',
    payload: [{ extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true } }],
  });
  shop.loseKeys(false);

  await goesOn();
  expect(shop.metrics.upstreamReconnects).toBe(0);
});

test('a message just within the gateway’s bound, grown on its way, is answered to its sender alone', async () => {
  await using shop = await startShop();
  await using client = await connectAcknowledged(shop.wsUrl, { authorization: shop.orders.ada });
  const goesOn = await followNewOrder(shop, client);
  await using other = await connectAcknowledged(shop.wsUrl, { authorization: shop.orders.ada });
  const id = 'x'.repeat(1024 * 1024 - 200);
  other.send(subscribeMessage('1', UPDATED, { variables: { id } }));
  expect(await other.next()).toMatchObject({ id: '1', type: 'error' });
  await goesOn();
  expect(shop.metrics.upstreamReconnects).toBe(0);
});

const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

test.each(['//', '//graphql', '/\\', 'http://[', '/graphql?', '*', '/%', 'graphql'])(
  'an upgrade request for %s straight to a subgraph is answered or refused, and the subgraph goes on',
  async (target) => {
    for (const head of [KEY, 'Sec-WebSocket-Version: 99\r\n', `${KEY}Sec-WebSocket-Protocol: ,;\r\n`]) {
      const socket = connect(malformed.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${head}\r\n`,
      );
      await once(socket, 'data');
      socket.resetAndDestroy();
    }
    expect((await fetch(`http://127.0.0.1:${malformed.port}/health`)).status).toBe(200);
  },
);
