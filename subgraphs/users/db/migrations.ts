import { MESSAGING_MIGRATIONS, type MigrationSet } from '#platform/postgres/migrate.ts';

/** What the database of users has been through when this code works on it. */
export const USERS_MIGRATIONS: readonly MigrationSet[] = [
  MESSAGING_MIGRATIONS,
  { name: 'users', folder: new URL('./migrations/', import.meta.url) },
];
