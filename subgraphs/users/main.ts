import { connectBus } from '#platform/messaging/postgres-bus.ts';
import { runService } from '#platform/process/run-process.ts';
import { readUsersConfig } from './settings.ts';
import { createUsersSubgraph } from './subgraph.ts';

await runService('users', readUsersConfig, async (config, logger) => {
  await using opening = new AsyncDisposableStack();
  const bus = opening.use(
    await connectBus({ url: config.BUS_DATABASE_URL, applicationName: 'users bus', logger }),
  );
  const subgraph = opening.use(
    await createUsersSubgraph({
      databaseUrl: config.USERS_DATABASE_URL,
      bus,
      signingKey: config.USERS_SIGNING_KEY,
      gatewaySecret: config.GATEWAY_SECRET,
      logger,
    }),
  );
  const port = await subgraph.listen({ host: config.HOST, port: config.PORT });
  const opened = opening.move();
  return { port, [Symbol.asyncDispose]: () => opened.disposeAsync() };
});
