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
import { PAYMENTS_MIGRATIONS } from './db/migrations.ts';
import { messageHandlers } from './messages.ts';
import { expireHolds, type HoldTimes } from './operations/expire-holds.ts';
import { type OperationTimes, runOperations } from './operations/run-operations.ts';
import type { PaymentProvider } from './provider/provider.ts';
import { resolvers } from './resolvers/index.ts';

export interface PaymentsSubgraphDeps {
  /** Migrated. Stays the caller's, as do bus and provider. */
  readonly database: Database;
  readonly bus: Bus;
  readonly provider: PaymentProvider;
  readonly verifyToken: VerifyToken;
  readonly gatewaySecret: string;
  readonly logger: Logger;
  readonly times?: Partial<OperationTimes & HoldTimes>;
}

/** The payments service on a migrated database. It works off messages from the start; requests come once it listens. */
export async function createPaymentsSubgraph({
  database,
  bus,
  provider,
  verifyToken,
  gatewaySecret,
  logger,
  times,
}: PaymentsSubgraphDeps): Promise<SubgraphServer> {
  await using starting = new AsyncDisposableStack();
  await refuseUnfit(database, PAYMENTS_MIGRATIONS);
  starting.use(await startOutboxRelay({ database, bus, logger }));
  starting.use(await runOperations({ database, provider, logger, times }));
  starting.use(expireHolds({ database, logger, times }));
  starting.use(
    await startInbox({
      database,
      bus,
      consumer: 'payments',
      handlers: { ...messageHandlers, ...sessionHandlers },
      logger,
    }),
  );
  const server = starting.use(
    await createSubgraphServer({
      name: 'payments',
      schemaFile: new URL('../../schema/payments.graphql', import.meta.url),
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
  const running = starting.move();
  return { listen: (at) => server.listen(at), [Symbol.asyncDispose]: () => running.disposeAsync() };
}
