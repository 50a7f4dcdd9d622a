import type { VerifyToken } from '#platform/auth/verify-token.ts';
import type { Bus } from '#platform/messaging/bus.ts';
import { startInbox } from '#platform/messaging/inbox.ts';
import { startOutboxRelay } from '#platform/messaging/outbox.ts';
import type { Database } from '#platform/postgres/database.ts';
import { refuseUnfit } from '#platform/postgres/migrate.ts';
import { createSubgraphServer, type SubgraphServer } from '#platform/server/subgraph-server.ts';
import { hasEnded, sessionHandlers } from '#platform/sessions/ended-sessions.ts';
import type { Logger } from '#platform/process/logger.ts';
import { expireOrders, type ExpiryTimes } from './commands/expire-orders.ts';
import { createContext } from './context.ts';
import { ORDERS_MIGRATIONS } from './db/migrations.ts';
import { messageHandlers } from './messages.ts';
import { resolvers } from './resolvers/index.ts';
import { createOrderNotifier } from './streams/order-notifier.ts';

export interface OrdersDeps {
  readonly database: Database;
  readonly bus: Bus;
  readonly verifyToken: VerifyToken;
  readonly gatewaySecret: string;
  readonly logger: Logger;
  readonly times?: Partial<ExpiryTimes>;
}

/** The orders subgraph: its GraphQL server, its outbox's relay, its inbox and its live streams. Works at once, listens when told to. */
export async function createOrdersSubgraph({
  database,
  bus,
  verifyToken,
  gatewaySecret,
  logger,
  times,
}: OrdersDeps): Promise<SubgraphServer> {
  await using opening = new AsyncDisposableStack();
  await refuseUnfit(database, ORDERS_MIGRATIONS);
  opening.use(await startOutboxRelay({ database, bus, logger }));
  opening.use(
    await startInbox({
      database,
      bus,
      consumer: 'orders',
      handlers: { ...messageHandlers, ...sessionHandlers },
      logger,
    }),
  );
  opening.use(expireOrders({ database, logger, times }));
  const notifier = opening.use(await createOrderNotifier(database));
  const server = opening.use(
    await createSubgraphServer({
      name: 'orders',
      schemaFile: new URL('../../schema/orders.graphql', import.meta.url),
      resolvers,
      createContext: (request) => createContext({ database, notifier }, request),
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
