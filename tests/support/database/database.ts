import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';
import { type Database, openDatabase } from '#platform/postgres/database.ts';
import type { DatabaseName } from '#system/databases.ts';

/** PostgreSQL copies a template only while nobody else does anything with it. */
const CLONING_LOCK = 7_216_002;

/** What a service gets, and a way of the test's own to look behind it. */
export interface TestDatabase extends Database {
  readonly sql: postgres.Sql;
}

/**
 * A migrated, empty database of the caller's own, for integration tests. Disposing closes the pool and drops it.
 *
 *     await using orders = await cloneDatabase('orders');
 */
export async function cloneDatabase(name: DatabaseName): Promise<TestDatabase> {
  const clone = `${name}_${randomBytes(6).toString('hex')}`;
  const adminUrl = inject('postgresUrl');
  await administer(adminUrl, async (sql) => {
    await sql`select pg_advisory_lock(${CLONING_LOCK})`; // let go of with the connection
    await sql`create database ${sql(clone)} template ${sql(`template_${name}`)}`;
  });
  const url = new URL(adminUrl);
  url.pathname = `/${clone}`;
  const database = openDatabase({ url: url.href, applicationName: `test ${name}` });
  const sql = postgres(url.href, { max: 4, fetch_types: false, onnotice: () => {} });
  return {
    ...database,
    sql,
    async [Symbol.asyncDispose]() {
      await Promise.all([database[Symbol.asyncDispose](), sql.end({ timeout: 5 })]);
      await administer(adminUrl, (sql) => sql`drop database ${sql(clone)} with (force)`);
    },
  };
}

async function administer(url: string, work: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
