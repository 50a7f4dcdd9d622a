import { connectBus } from '#platform/messaging/postgres-bus.ts';
import { openDatabase } from '#platform/postgres/database.ts';
import { runService } from '#platform/process/run-process.ts';
import { readSettings } from './settings.ts';
import { createUsersSubgraph } from './subgraph.ts';

await runService('users', readSettings, async (config, logger) => {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(openDatabase({ url: config.USERS_DATABASE_URL, applicationName: 'users' }));
  await database.check(); // said here in one line, and not by all that begins to work below
  const bus = opening.use(
    await connectBus({ url: config.BUS_DATABASE_URL, applicationName: 'users bus', logger }),
  );
  const subgraph = opening.use(
    await createUsersSubgraph({
      database,
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
