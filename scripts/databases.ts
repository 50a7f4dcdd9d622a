import { existsSync } from 'node:fs';
import { BUS_MIGRATIONS } from '#platform/bus/postgres-bus.ts';
import { MESSAGING_MIGRATIONS, type MigrationSet } from '#platform/postgres/migrate.ts';
import { SESSIONS_MIGRATIONS } from '#platform/sessions/ended-sessions.ts';

export type DatabaseName = 'users' | 'orders' | 'payments' | 'inventory' | 'bus';

export interface DatabaseDescription {
  readonly name: DatabaseName;
  /** Environment variable that names a server for it. */
  readonly variable: string;
  readonly migrations: readonly MigrationSet[];
}

/** Every database of the system: one a service, and the bus's. */
export const DATABASES: readonly DatabaseDescription[] = [
  {
    name: 'users',
    variable: 'USERS_DATABASE_URL',
    migrations: [MESSAGING_MIGRATIONS, ...ownMigrations('users')],
  },
  {
    name: 'inventory',
    variable: 'INVENTORY_DATABASE_URL',
    migrations: [MESSAGING_MIGRATIONS, SESSIONS_MIGRATIONS, ...ownMigrations('inventory')],
  },
  {
    name: 'payments',
    variable: 'PAYMENTS_DATABASE_URL',
    migrations: [MESSAGING_MIGRATIONS, SESSIONS_MIGRATIONS, ...ownMigrations('payments')],
  },
  {
    name: 'orders',
    variable: 'ORDERS_DATABASE_URL',
    migrations: [MESSAGING_MIGRATIONS, SESSIONS_MIGRATIONS, ...ownMigrations('orders')],
  },
  { name: 'bus', variable: 'BUS_DATABASE_URL', migrations: [BUS_MIGRATIONS] },
];

function ownMigrations(service: string): MigrationSet[] {
  const folder = new URL(`../subgraphs/${service}/db/migrations/`, import.meta.url);
  return existsSync(folder) ? [{ name: service, folder }] : [];
}
