import { MESSAGING_MIGRATIONS, type MigrationSet } from '#platform/postgres/migrate.ts';
import { SESSIONS_MIGRATIONS } from '#platform/sessions/ended-sessions.ts';

/** What the database of payments has been through when this code works on it. */
export const PAYMENTS_MIGRATIONS: readonly MigrationSet[] = [
  MESSAGING_MIGRATIONS,
  SESSIONS_MIGRATIONS,
  { name: 'payments', folder: new URL('./migrations/', import.meta.url) },
];
