import { createTokenVerifier } from '#platform/auth/verify-token.ts';
import { connectBus } from '#platform/messaging/postgres-bus.ts';
import { runService } from '#platform/process/run-process.ts';
import { readConfig } from './settings.ts';
import { createSimulator } from './provider/simulator.ts';
import { createPaymentsSubgraph } from './subgraph.ts';

await runService('payments', readConfig, async (config, logger) => {
  await using starting = new AsyncDisposableStack();
  const bus = starting.use(
    await connectBus({ url: config.BUS_DATABASE_URL, applicationName: 'payments bus', logger }),
  );
  const provider = starting.use(
    await createSimulator({
      url: config.PAYMENTS_DATABASE_URL,
      slowMs: config.PAYMENT_SIMULATOR_SLOW_MS,
      holdMs: config.PAYMENT_SIMULATOR_HOLD_MS,
    }),
  );
  const subgraph = starting.use(
    await createPaymentsSubgraph({
      databaseUrl: config.PAYMENTS_DATABASE_URL,
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
  const running = starting.move();
  return { port, [Symbol.asyncDispose]: () => running.disposeAsync() };
});
