import { MESSAGING_MIGRATIONS, type MigrationSet } from '#platform/postgres/migrate.ts';
import { SESSIONS_MIGRATIONS } from '#platform/sessions/ended-sessions.ts';

/** What the database of orders has been through when this code works on it. */
export const ORDERS_MIGRATIONS: readonly MigrationSet[] = [
  MESSAGING_MIGRATIONS,
  SESSIONS_MIGRATIONS,
  { name: 'orders', folder: new URL('./migrations/', import.meta.url) },
];
