import { getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import * as declared from './tables.ts';

const tables = Object.values(declared).filter((value) => is(value, PgTable));
let database: TestDatabase;

beforeAll(async () => {
  database = await cloneDatabase('users');
});
afterAll(() => database[Symbol.asyncDispose]());

test('every declared table has every declared column in the migrated database', async () => {
  expect(tables.map(getTableName).sort()).toEqual([
    'addresses',
    'known_origins',
    'password_attempts',
    'refresh_tokens',
    'sessions',
    'users',
  ]);
  for (const table of tables) expect(await database.db.select().from(table)).toEqual([]);
});

test('an account is found by its e-mail address through an index', async () => {
  const plan = await database.sql.begin(async (sql) => {
    await sql`set local enable_seqscan = off`; // a table this small is always read whole
    return sql`explain select * from users where lower(email) = lower('Ada@example.com')`;
  });
  expect(JSON.stringify(plan)).toContain('users_email');
});
