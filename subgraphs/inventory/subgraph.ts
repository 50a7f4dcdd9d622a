import type { VerifyToken } from '#platform/auth/verify-token.ts';
import type { Bus } from '#platform/messaging/bus.ts';
import { startInbox } from '#platform/messaging/inbox.ts';
import { startOutboxRelay } from '#platform/messaging/outbox.ts';
import type { Database } from '#platform/postgres/database.ts';
import { refuseUnfit } from '#platform/postgres/migrate.ts';
import { createSubgraphServer, type SubgraphServer } from '#platform/server/subgraph-server.ts';
import { hasEnded, sessionHandlers } from '#platform/sessions/ended-sessions.ts';
import type { Logger } from '#platform/process/logger.ts';
import { createContext } from './context.ts';
import { INVENTORY_MIGRATIONS } from './db/migrations.ts';
import { PRICE_TOLERANCE, type PriceTolerance } from './domain/price.ts';
import { createMessageHandlers } from './messages.ts';
import { resolvers } from './resolvers/index.ts';

export interface InventoryDeps {
  readonly database: Database;
  readonly bus: Bus;
  readonly verifyToken: VerifyToken;
  readonly gatewaySecret: string;
  readonly logger: Logger;
  readonly priceTolerance?: PriceTolerance;
}

/** The inventory subgraph: its GraphQL server, its outbox's relay and its inbox. Works at once, listens when told to. */
export async function createInventorySubgraph({
  database,
  bus,
  verifyToken,
  gatewaySecret,
  logger,
  priceTolerance = PRICE_TOLERANCE,
}: InventoryDeps): Promise<SubgraphServer> {
  await using opening = new AsyncDisposableStack();
  await refuseUnfit(database, INVENTORY_MIGRATIONS);
  opening.use(await startOutboxRelay({ database, bus, logger }));
  const handlers = { ...createMessageHandlers(priceTolerance), ...sessionHandlers };
  opening.use(await startInbox({ database, bus, consumer: 'inventory', handlers, logger }));
  const server = opening.use(
    await createSubgraphServer({
      name: 'inventory',
      schemaFile: new URL('../../schema/inventory.graphql', import.meta.url),
      resolvers,
      createContext: (request) => createContext({ database }, request),
      verifyToken,
      hasEnded: (actor) => hasEnded(database.db, actor),
      gatewaySecret,
      logger,
      checkHealth: () => database.check(),
      checkBus: () => bus.check(),
    }),
  );
  const opened = opening.move();
  return { listen: (at) => server.listen(at), [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
