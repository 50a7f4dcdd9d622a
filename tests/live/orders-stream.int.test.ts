import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pino } from 'pino';
import { readConfig } from '#gateway/config.ts';
import { createGateway } from '#gateway/gateway.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { silentLogger } from '#platform/telemetry/logger.ts';
import { planInThreads } from '#tests/support/planner-threads.ts';
import { createOrdersSubgraph } from '#subgraphs/orders/subgraph.ts';
import { startOrders } from '#subgraphs/orders/testing.ts';
import { TEST_GATEWAY_SECRET } from '#tests/support/subgraph-client.ts';
import { composeSubgraphs } from '../../scripts/supergraph.ts';
import { connectAcknowledged, subscribeMessage } from './raw-client.ts';
import { serveForTest } from './serve-for-test.ts';

/** A gateway over the real orders service, of which there are two: one that the gateway asks, and one that goes on alone. */
async function startShop() {
  await using opening = new AsyncDisposableStack();
  const orders = opening.use(await startOrders());
  let asked: Awaited<ReturnType<typeof createOrdersSubgraph>> | undefined;
  let port = 0;
  const start = async () => {
    asked = await createOrdersSubgraph({
      database: orders.database,
      bus: orders.bus,
      verifyToken: orders.tokens.verifyToken,
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
    await createGateway({
      config,
      logger,
      supergraph: parseSupergraph(sdl),
      createPlanning: planInThreads(config.planning),
    }),
  );
  const served = opening.use(await serveForTest(gateway, config, config.live, logger));
  const opened = opening.move();
  return {
    orders,
    stop,
    start,
    wsUrl: served.url.replace('http', 'ws'),
    metrics: served.metrics,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

test('a stream over all orders that is lost before its first event misses no order of the time between', async () => {
  await using shop = await startShop();
  await shop.orders.place();
  await using client = await connectAcknowledged(shop.wsUrl, { authorization: shop.orders.staff });
  client.send(subscribeMessage('1', 'subscription { ordersUpdated { position order { id } } }'));
  await expect.poll(() => shop.metrics.positions).toBe(1);

  await shop.stop();
  const placed = [(await shop.orders.place()).order, (await shop.orders.place()).order];
  await shop.start();

  for (const { id } of placed) {
    expect((await client.next()).payload?.data).toMatchObject({ ordersUpdated: { order: { id } } });
  }
});
