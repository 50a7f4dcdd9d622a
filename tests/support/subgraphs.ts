import { createPostgresBus } from '#platform/bus/postgres-bus.ts';
import type { SubgraphServer } from '#platform/server/subgraph-server.ts';
import { silentLogger as logger } from '#platform/telemetry/logger.ts';
import { createInventorySubgraph } from '#subgraphs/inventory/subgraph.ts';
import { createOrdersSubgraph } from '#subgraphs/orders/subgraph.ts';
import { createSimulator } from '#subgraphs/payments/provider/simulator.ts';
import { createPaymentsSubgraph } from '#subgraphs/payments/subgraph.ts';
import { createUsersSubgraph } from '#subgraphs/users/subgraph.ts';
import { newSigningKey } from '#subgraphs/users/testing.ts';
import { createAccessTokens } from '#subgraphs/users/credentials/access-tokens.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';
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
}

/** All four in this process, on databases of their own and one bus, trusting the tokens of users. */
export async function startSubgraphs(): Promise<RunningSubgraphs> {
  await using starting = new AsyncDisposableStack();
  const open = async (name: SubgraphName | 'bus') => starting.use(await cloneDatabase(name));
  const bus = starting.use(createPostgresBus({ database: await open('bus'), logger }));
  const signingKey = newSigningKey();
  const verifyToken = createAccessTokens(signingKey).verify;
  const shared = { bus, verifyToken, gatewaySecret, logger };
  const databases = {
    users: await open('users'),
    inventory: await open('inventory'),
    orders: await open('orders'),
    payments: await open('payments'),
  };
  const provider = starting.use(await createSimulator({ url: databases.payments.url }));
  const servers: Record<SubgraphName, SubgraphServer> = {
    users: await createUsersSubgraph({
      databaseUrl: databases.users.url,
      bus,
      signingKey,
      gatewaySecret,
      logger,
    }),
    inventory: await createInventorySubgraph({ database: databases.inventory, ...shared }),
    orders: await createOrdersSubgraph({ database: databases.orders, ...shared }),
    payments: await createPaymentsSubgraph({ databaseUrl: databases.payments.url, provider, ...shared }),
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
  const running = starting.move();
  return { clients, ports, databases, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
