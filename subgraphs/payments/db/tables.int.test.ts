import { is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database/database.ts';
import * as tables from './tables.ts';

test('every table as the code knows it is there in a migrated database, and the ledger is append-only', async () => {
  await using database = await cloneDatabase('payments');
  const all = Object.values(tables).filter((value) => is(value, PgTable));
  expect(all.length).toBe(6);
  for (const table of all) expect(await database.db.select().from(table)).toEqual([]);

  // The ledger cannot be rewritten.
  await expect(database.sql`update payment_transactions set status = 'FAILED'`).rejects.toThrow(
    'only ever appended to',
  );
  await expect(database.sql`delete from payment_transactions`).rejects.toThrow('only ever appended to');
  await expect(database.sql`truncate payment_transactions`).rejects.toThrow('only ever appended to');
});
