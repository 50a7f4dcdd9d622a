import { MESSAGING_MIGRATIONS, type MigrationSet } from '#platform/postgres/migrate.ts';
import { SESSIONS_MIGRATIONS } from '#platform/sessions/ended-sessions.ts';

/** What the database of inventory has been through when this code works on it. */
export const INVENTORY_MIGRATIONS: readonly MigrationSet[] = [
  MESSAGING_MIGRATIONS,
  SESSIONS_MIGRATIONS,
  { name: 'inventory', folder: new URL('./migrations/', import.meta.url) },
];
