import { createTokenVerifier } from '#platform/auth/verify-token.ts';
import { connectBus } from '#platform/messaging/postgres-bus.ts';
import { openDatabase } from '#platform/postgres/database.ts';
import { runService } from '#platform/process/run-process.ts';
import { readSettings } from './settings.ts';
import { createSimulator } from './provider/simulator.ts';
import { createPaymentsSubgraph } from './subgraph.ts';

await runService('payments', readSettings, async (config, logger) => {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(
    openDatabase({ url: config.PAYMENTS_DATABASE_URL, applicationName: 'payments' }),
  );
  await database.check(); // said here in one line, and not by all that begins to work below
  const bus = opening.use(
    await connectBus({ url: config.BUS_DATABASE_URL, applicationName: 'payments bus', logger }),
  );
  const provider = opening.use(
    await createSimulator({
      url: config.PAYMENTS_DATABASE_URL,
      slowMs: config.PAYMENT_SIMULATOR_SLOW_MS,
      holdMs: config.PAYMENT_SIMULATOR_HOLD_MS,
    }),
  );
  const subgraph = opening.use(
    await createPaymentsSubgraph({
      database,
      bus,
      provider,
      verifyToken: createTokenVerifier(config.USERS_JWKS_URL),
      gatewaySecret: config.GATEWAY_SECRET,
      logger,
      times: {
        authorisationDeadlineMs: config.PAYMENT_DEADLINE_MS,
        providerTimeoutMs: config.PAYMENT_PROVIDER_TIMEOUT_MS,
        holdMarginMs: config.PAYMENT_HOLD_MARGIN_MS,
      },
    }),
  );
  const port = await subgraph.listen({ host: config.HOST, port: config.PORT });
  const opened = opening.move();
  return { port, [Symbol.asyncDispose]: () => opened.disposeAsync() };
});
