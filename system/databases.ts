import { BUS_MIGRATIONS } from '#platform/messaging/postgres-bus.ts';
import type { MigrationSet } from '#platform/postgres/migrate.ts';
import { INVENTORY_MIGRATIONS } from '#subgraphs/inventory/db/migrations.ts';
import { ORDERS_MIGRATIONS } from '#subgraphs/orders/db/migrations.ts';
import { PAYMENTS_MIGRATIONS } from '#subgraphs/payments/db/migrations.ts';
import { USERS_MIGRATIONS } from '#subgraphs/users/db/migrations.ts';

export type DatabaseName = 'users' | 'orders' | 'payments' | 'inventory' | 'bus';

export interface DatabaseDescription {
  readonly name: DatabaseName;
  /** Environment variable that names a server for it. */
  readonly variable: string;
  readonly migrations: readonly MigrationSet[];
}

/** Every database of the system: one a service, and the bus's. */
export const DATABASES: readonly DatabaseDescription[] = [
  { name: 'users', variable: 'USERS_DATABASE_URL', migrations: USERS_MIGRATIONS },
  { name: 'inventory', variable: 'INVENTORY_DATABASE_URL', migrations: INVENTORY_MIGRATIONS },
  { name: 'payments', variable: 'PAYMENTS_DATABASE_URL', migrations: PAYMENTS_MIGRATIONS },
  { name: 'orders', variable: 'ORDERS_DATABASE_URL', migrations: ORDERS_MIGRATIONS },
  { name: 'bus', variable: 'BUS_DATABASE_URL', migrations: [BUS_MIGRATIONS] },
];
