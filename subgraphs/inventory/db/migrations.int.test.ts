import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getTableName } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import type { Actor } from '#platform/auth/actor.ts';
import { violatedConstraint } from '#platform/postgres/database.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { changePrice } from '../commands/change-price.ts';
import { createProduct } from '../commands/create-product.ts';
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

test('a product made before, and a price changed, in forints, is answered when it is asked for again', async () => {
  await using database = await cloneDatabase('inventory');
  const { sql } = database;
  const id = '00000000-0000-7000-8000-000000000001';
  const actor: Actor = { kind: 'user', userId: id, roles: ['STAFF'], expiresAt: new Date('2100-01-01') };
  const price = '"price":{"minor":"5000","currencyCode":"HUF"}';
  const keys = {
    made: `{"action":"createProduct","name":"Mug","description":"Made before.","variants":[{"sku":"MUG","name":"plain",${price}}]}`,
    changed: `{"action":"changePrice","sku":"MUG",${price}}`,
  };
  await sql.unsafe(`
    insert into products (id, name, description, variant_terms) values ('${id}', 'Mug', 'Made before.', 'plain MUG');
    insert into variants (id, product_id, position, sku, name, price_minor, currency_code) values ('${id}', '${id}', 0, 'MUG', 'plain', 5000, 'HUF')`);
  for (const [key, request] of Object.entries(keys)) {
    const hash = createHash('sha256').update(request).digest('hex');
    await sql`insert into idempotency_keys (actor_id, key, request_hash, result_id) values (${id}, ${key}, ${hash}, ${id})`;
  }
  const folder = new URL('./migrations/', import.meta.url);
  await sql.unsafe(await readFile(new URL('0003_minor-units-of-the-standard.sql', folder), 'utf8'));

  const make = (amount: string) =>
    createProduct(
      { database, actor },
      {
        idempotencyKey: 'made',
        name: 'Mug',
        description: 'Made before.',
        variants: [{ sku: 'MUG', name: 'plain', price: { amount, currencyCode: 'HUF' } }],
      },
    );
  const change = (amount: string) =>
    changePrice(
      { database, actor },
      { idempotencyKey: 'changed', sku: 'mug', price: { amount, currencyCode: 'HUF' } },
    );
  expect([await make('5000'), await change('5000.00')]).toEqual([{ productId: id }, { variantId: id }]);
  for (const amount of ['50.00', '5000.5'])
    for (const ask of [make, change])
      await expect(ask(amount)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  expect([...(await sql`select price_minor::int as minor from variants`)]).toEqual([{ minor: 500_000 }]);
});
