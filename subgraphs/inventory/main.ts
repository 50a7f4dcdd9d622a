import { createTokenVerifier } from '#platform/auth/verify-token.ts';
import { connectBus } from '#platform/messaging/postgres-bus.ts';
import { openDatabase } from '#platform/postgres/database.ts';
import { runService } from '#platform/process/run-process.ts';
import { readSettings } from './settings.ts';
import { createInventorySubgraph } from './subgraph.ts';

await runService('inventory', readSettings, async (config, logger) => {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(
    openDatabase({ url: config.INVENTORY_DATABASE_URL, applicationName: 'inventory' }),
  );
  await database.check(); // said here in one line, and not by all that begins to work below
  const bus = opening.use(
    await connectBus({ url: config.BUS_DATABASE_URL, applicationName: 'inventory bus', logger }),
  );
  const verifyToken = createTokenVerifier(config.USERS_JWKS_URL);
  const subgraph = opening.use(
    await createInventorySubgraph({
      database,
      bus,
      verifyToken,
      gatewaySecret: config.GATEWAY_SECRET,
      logger,
      priceTolerance: {
        quotedMs: config.PRICE_QUOTE_LIFE_MS,
        clockSkewMs: config.PRICE_CLOCK_SKEW_MS,
      },
    }),
  );
  const port = await subgraph.listen({ host: config.HOST, port: config.PORT });
  const opened = opening.move();
  return { port, [Symbol.asyncDispose]: () => opened.disposeAsync() };
});
