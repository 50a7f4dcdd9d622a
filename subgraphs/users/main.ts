import { runService } from '#platform/server/run-service.ts';
import { readUsersConfig } from './config.ts';
import { createUsersSubgraph } from './subgraph.ts';

await runService('users', readUsersConfig, async (config, logger) => {
  const subgraph = await createUsersSubgraph({
    databaseUrl: config.USERS_DATABASE_URL,
    signingKey: config.USERS_SIGNING_KEY,
    gatewaySecret: config.GATEWAY_SECRET,
    logger,
  });
  const port = await subgraph.listen({ host: config.HOST, port: config.PORT });
  return { port, [Symbol.asyncDispose]: () => subgraph[Symbol.asyncDispose]() };
});
