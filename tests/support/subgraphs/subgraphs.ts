import { uuidv7 } from 'uuidv7';
import { createPostgresBus } from '#platform/messaging/postgres-bus.ts';
import type { SubgraphServer } from '#platform/server/subgraph-server.ts';
import { openDatabase } from '#platform/postgres/database.ts';
import { type Logger, silentLogger } from '#platform/process/logger.ts';
import { createInventorySubgraph } from '#subgraphs/inventory/subgraph.ts';
import { createOrdersSubgraph } from '#subgraphs/orders/subgraph.ts';
import { createSimulator } from '#subgraphs/payments/provider/simulator.ts';
import { createPaymentsSubgraph } from '#subgraphs/payments/subgraph.ts';
import { createUsersSubgraph } from '#subgraphs/users/subgraph.ts';
import { newSigningKey } from '#subgraphs/users/testing.ts';
import { createAccessTokens } from '#subgraphs/users/credentials/tokens/access-tokens.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import {
  createSubgraphClient,
  type SubgraphClient,
  TEST_GATEWAY_SECRET as gatewaySecret,
} from './subgraph-client.ts';

export const SUBGRAPH_NAMES = ['users', 'inventory', 'orders', 'payments'] as const;
export type SubgraphName = (typeof SUBGRAPH_NAMES)[number];

export interface RunningSubgraphs extends AsyncDisposable {
  readonly clients: Readonly<Record<SubgraphName, SubgraphClient>>;
  readonly ports: Readonly<Record<SubgraphName, number>>;
  readonly databases: Readonly<Record<SubgraphName, TestDatabase>>;
  /** An Authorization header of staff. */
  readonly staff: string;
}

export interface SubgraphsOptions {
  /** By what way the services reach a database: the URL to use in place of this one. */
  readonly reach?: (url: string) => string;
  /** The same for the bus's. */
  readonly reachBus?: (url: string) => string;
  readonly logger?: Logger;
}

/** All four in this process, on databases of their own and one bus, trusting the tokens of users. */
export async function startSubgraphs({
  reach = (url) => url,
  reachBus,
  logger = silentLogger,
}: SubgraphsOptions = {}): Promise<RunningSubgraphs> {
  await using starting = new AsyncDisposableStack();
  const open = async (name: SubgraphName | 'bus') => starting.use(await cloneDatabase(name));
  const busDatabase = await open('bus');
  const bus = starting.use(
    createPostgresBus({
      database:
        reachBus === undefined
          ? busDatabase
          : starting.use(openDatabase({ url: reachBus(busDatabase.url), applicationName: 'bus' })),
      logger,
    }),
  );
  const signingKey = newSigningKey();
  const accessTokens = createAccessTokens(signingKey);
  const verifyToken = accessTokens.verify;
  const shared = { bus, verifyToken, gatewaySecret, logger };
  const databases = {
    users: await open('users'),
    inventory: await open('inventory'),
    orders: await open('orders'),
    payments: await open('payments'),
  };
  const provider = starting.use(await createSimulator({ url: databases.payments.url }));
  const reached = (name: SubgraphName) =>
    starting.use(openDatabase({ url: reach(databases[name].url), applicationName: name }));
  const servers: Record<SubgraphName, SubgraphServer> = {
    users: await createUsersSubgraph({
      database: reached('users'),
      bus,
      signingKey,
      gatewaySecret,
      logger,
    }),
    inventory: await createInventorySubgraph({ database: reached('inventory'), ...shared }),
    orders: await createOrdersSubgraph({ database: reached('orders'), ...shared }),
    payments: await createPaymentsSubgraph({
      database: reached('payments'),
      provider,
      ...shared,
    }),
  };
  for (const server of Object.values(servers)) starting.use(server);
  const at = { host: '127.0.0.1', port: 0 };
  const ports = {
    users: await servers.users.listen(at),
    inventory: await servers.inventory.listen(at),
    orders: await servers.orders.listen(at),
    payments: await servers.payments.listen(at),
  };
  const client = (port: number) => starting.use(createSubgraphClient(port));
  const clients = {
    users: client(ports.users),
    inventory: client(ports.inventory),
    orders: client(ports.orders),
    payments: client(ports.payments),
  };
  const holder = { id: uuidv7(), roles: ['STAFF'], sessionId: uuidv7() } as const;
  const staff = `Bearer ${(await accessTokens.issue(holder, new Date())).token}`;
  const running = starting.move();
  return { clients, ports, databases, staff, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
