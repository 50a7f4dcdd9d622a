import { getTableName } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import { violatedConstraint } from '#platform/postgres/database.ts';
import { cloneDatabase } from '#tests/support/database.ts';
import { stock } from '../testing.ts';
import * as tables from './tables.ts';

test('every table that the code knows is in the migrated database, column by column', async () => {
  await using database = await cloneDatabase('inventory');
  const known = Object.values(tables).filter((table) => table instanceof PgTable);
  expect(known.map((table) => getTableName(table))).toHaveLength(9);
  for (const table of known) expect(await database.db.select().from(table)).toEqual([]);
});

test('the database itself refuses a level that promises more than there is, or less than nothing', async () => {
  await using database = await cloneDatabase('inventory');
  await stock(database, { 'SKU-1': [5, 0] });
  for (const change of ['reserved = 6', 'reserved = -1', 'on_hand = -1', 'on_hand = 10000001']) {
    const attempt = database.db.execute(`update stock_levels set ${change} where on_hand = 5`).then(
      () => null,
      (error: unknown) => error,
    );
    expect(violatedConstraint(await attempt)).toBe('stock_levels_promise');
  }
});

test('the ledger can only grow', async () => {
  await using database = await cloneDatabase('inventory');
  await stock(database, { 'SKU-1': [5, 3] });
  const { sql } = database;
  await expect(sql`update stock_movements set on_hand_delta = 1`).rejects.toThrow('append-only');
  await expect(sql`delete from stock_movements`).rejects.toThrow('append-only');
  await expect(sql`truncate stock_movements`).rejects.toThrow('append-only');
  expect(await sql`select on_hand_delta from stock_movements order by on_hand_delta`).toEqual([
    { on_hand_delta: 3 },
    { on_hand_delta: 5 },
  ]);
});

test('a level changed behind the ledger’s back shows up as a discrepancy', async () => {
  await using database = await cloneDatabase('inventory');
  await stock(database, { 'SKU-1': [5, 3] });
  const { sql } = database;
  expect(await sql`select * from stock_discrepancies`).toHaveLength(0);
  await sql`update stock_levels set on_hand = 4 where on_hand = 5`;
  expect(await sql`select on_hand, ledger_on_hand from stock_discrepancies`).toEqual([
    { on_hand: 4, ledger_on_hand: '5' },
  ]);
  await sql`update stock_levels set on_hand = 5, reserved = 2 where on_hand = 4`;
  expect(await sql`select reserved, ledger_reserved, held from stock_discrepancies`).toEqual([
    { reserved: 2, ledger_reserved: '0', held: '0' },
  ]);
});
