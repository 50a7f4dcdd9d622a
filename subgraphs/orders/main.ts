import { createTokenVerifier } from '#platform/auth/verify-token.ts';
import { connectBus } from '#platform/messaging/postgres-bus.ts';
import { openDatabase } from '#platform/postgres/database.ts';
import { runService } from '#platform/process/run-process.ts';
import { readSettings } from './settings.ts';
import { createOrdersSubgraph } from './subgraph.ts';

await runService('orders', readSettings, async (config, logger) => {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(openDatabase({ url: config.ORDERS_DATABASE_URL, applicationName: 'orders' }));
  await database.check(); // said here in one line, and not by all that begins to work below
  const bus = opening.use(
    await connectBus({ url: config.BUS_DATABASE_URL, applicationName: 'orders bus', logger }),
  );
  const verifyToken = createTokenVerifier(config.USERS_JWKS_URL);
  const subgraph = opening.use(
    await createOrdersSubgraph({
      database,
      bus,
      verifyToken,
      gatewaySecret: config.GATEWAY_SECRET,
      logger,
      times: { unpaidMs: config.ORDER_UNPAID_LIFE_MS, paymentFailedMs: config.ORDER_PAYMENT_FAILED_LIFE_MS },
    }),
  );
  const port = await subgraph.listen({ host: config.HOST, port: config.PORT });
  const opened = opening.move();
  return { port, [Symbol.asyncDispose]: () => opened.disposeAsync() };
});
