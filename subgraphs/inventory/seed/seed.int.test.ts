import { expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { createLoaders } from '../loaders/loaders.ts';
import { CATALOGUE } from './catalogue.ts';
import { seedInventory } from './seed.ts';
import { expectNoDiscrepancies, levels } from '../testing.ts';

test('an empty database gets the whole catalogue, with plenty of all but what is sold out or single on purpose', async () => {
  await using database = await cloneDatabase('inventory');
  await seedInventory(database);
  const stocked = await levels(database);
  const units = (sku: string) =>
    Object.values(stocked[sku] ?? {}).reduce((all, level) => all + Number(level.split('/')[1]), 0);
  const variants = CATALOGUE.flatMap((product) => product.variants);
  expect(CATALOGUE.length).toBeGreaterThanOrEqual(40);
  expect(Object.keys(stocked)).toHaveLength(variants.length);
  const scarce = variants.map(({ sku }) => [sku, units(sku)] as const).filter(([, left]) => left < 500);
  expect(scarce).toEqual([
    ['REC-PLAY-WAL', 0],
    ['CLK-WALL-1954', 1],
  ]);
  await expectNoDiscrepancies(database);
  expect(await createLoaders(database.db).variantBySku.load('MUG-STN-BLUE')).toMatchObject({
    priceMinor: 1400n,
    currencyCode: 'GBP',
  });
});

test('a second seed, or several at once, adds nothing and resets nothing', async () => {
  await using database = await cloneDatabase('inventory');
  await Promise.all([seedInventory(database), seedInventory(database), seedInventory(database)]);
  const { sql } = database;
  await sql`update stock_levels set on_hand = 7 where variant_id = (select id from variants where sku = 'MUG-STN-BLUE')`;
  await sql`update variants set price_minor = 1 where sku = 'MUG-STN-BLUE'`;
  const before = [
    await levels(database),
    await sql`select * from products order by id`,
    await sql`select * from variants order by id`,
  ];
  await seedInventory(database);
  expect([
    await levels(database),
    await sql`select * from products order by id`,
    await sql`select * from variants order by id`,
  ]).toEqual(before);
});
