import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { seedInventory } from '../seed/seed.ts';
import { type InventoryUnderTest, startInventory, withStatements } from '../testing.ts';

let inventory: InventoryUnderTest;
beforeAll(async () => {
  inventory = await startInventory();
  await seedInventory(inventory.database);
});
afterAll(() => inventory[Symbol.asyncDispose]());

const VARIANT = `{
  variant(sku: "CLK-WALL-1954") {
    id sku name available availability price { amount currencyCode } product { name variants { sku } }
    stockLevels { warehouse { code name } onHand reserved }
  }
  many: variant(sku: "MUG-STN-BLUE") { available availability }
  warehouses { code name }
}`;
const clock = {
  id: expect.any(String),
  sku: 'CLK-WALL-1954',
  name: 'As found',
  available: 1,
  availability: 'LOW_STOCK',
  price: { amount: '420.00', currencyCode: 'GBP' },
  product: { name: 'Restored Wall Clock', variants: [{ sku: 'CLK-WALL-1954' }] },
};

test('staff read a variant with its exact stock in each warehouse', async () => {
  const { data, errors } = await inventory.ask(VARIANT, {}, await inventory.tokens.staff());
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    variant: {
      ...clock,
      stockLevels: [
        { warehouse: { code: 'LDN', name: 'London' }, onHand: 1, reserved: 0 },
        { warehouse: { code: 'MAN', name: 'Manchester' }, onHand: 0, reserved: 0 },
      ],
    },
    many: { available: 1060, availability: 'IN_STOCK' },
    warehouses: [
      { code: 'LDN', name: 'London' },
      { code: 'MAN', name: 'Manchester' },
    ],
  });
});

test('strangers and customers read whether it is to be had, and neither how much there is nor where', async () => {
  for (const who of [undefined, await inventory.tokens.customer()]) {
    const { data, errors } = await inventory.ask(VARIANT, {}, who);
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      variant: { ...clock, stockLevels: [] },
      many: { available: 100, availability: 'IN_STOCK' },
      warehouses: [],
    });
  }
});

test('what does not exist is null, whatever is asked for', async () => {
  const query = 'query ($id: ID!, $sku: String!) { product(id: $id) { id } variant(sku: $sku) { id } }';
  for (const name of [uuidv7(), 'no id at all', '', "'; drop table products; --", 'NUL \0']) {
    expect(await inventory.ask(query, { id: name, sku: name })).toEqual({
      data: { product: null, variant: null },
    });
  }
});

test('other subgraphs’ references to variants, by SKU or id, and to products are resolved; unknown ones are null', async () => {
  const { data: known } = await inventory.ask<{ variant: { id: string; product: { id: string } } }>(
    '{ variant(sku: "MUG-STN-BLUE") { id product { id } } }',
  );
  const { data, errors } = await inventory.ask<{ _entities: unknown[] }>(
    `query ($representations: [_Any!]!) {
      _entities(representations: $representations) { ... on Variant { sku name available } ... on Product { name } }
    }`,
    {
      representations: [
        { __typename: 'Variant', sku: 'MUG-STN-SAND' },
        { __typename: 'Variant', id: known.variant.id },
        { __typename: 'Product', id: known.variant.product.id },
        { __typename: 'Variant', sku: 'NO-SUCH' },
        { __typename: 'Variant', id: 'no id' },
        { __typename: 'Product', id: uuidv7() },
      ],
    },
    await inventory.tokens.staff(),
  );
  expect(errors).toBeUndefined();
  expect(data._entities).toEqual([
    { sku: 'MUG-STN-SAND', name: 'Sand', available: 980 },
    { sku: 'MUG-STN-BLUE', name: 'Blue', available: 1060 },
    { name: 'Stoneware Mug' },
    null,
    null,
    null,
  ]);
});

test('a page of products with variants and stock costs a statement a level, however long it is', async () => {
  await using database = await cloneDatabase('inventory');
  await seedInventory(database);
  const { database: opened, statements } = withStatements(database);
  await using watched = opened;
  await using counting = await startInventory(watched);
  statements.length = 0;
  const { data } = await counting.ask<{ products: { nodes: unknown[] } }>(
    '{ products(first: 100) { nodes { name variants { sku available stockLevels { onHand } product { id } } } } }',
  );
  expect(data.products.nodes.length).toBeGreaterThanOrEqual(40);
  const reads = statements.filter((statement) => !statement.includes('messaging'));
  expect(reads).toHaveLength(4); // products, variants, levels, products of variants
});

test('staff change stock and prices and add products; what comes back is how it is now', async () => {
  const staff = await inventory.tokens.staff();
  const { data, errors } = await inventory.ask(
    `mutation {
      less: adjustStock(input: { idempotencyKey: "1", sku: "TNT-DOME-2", warehouseCode: "LDN", delta: -20 }) { variant { available } userErrors { code } }
      more: adjustStock(input: { idempotencyKey: "2", sku: "TNT-DOME-2", warehouseCode: "MAN", delta: 5 }) { variant { available } userErrors { code } }
      tooMuch: adjustStock(input: { idempotencyKey: "3", sku: "TNT-DOME-2", warehouseCode: "MAN", delta: -9999 }) { variant { sku } userErrors { code field message } }
      changePrice(input: { sku: "TNT-DOME-2", price: { amount: "175", currencyCode: "GBP" } }) { variant { price { amount } } userErrors { code } }
      createProduct(input: { idempotencyKey: "4", name: "Hammock", description: "For two.", variants: [{ sku: "HAM-2", name: "Ochre", price: { amount: 60.5, currencyCode: "GBP" } }] }) {
        product { name variants { sku price { amount } available } } userErrors { code }
      }
      taken: createProduct(input: { idempotencyKey: "5", name: "Hammock", description: "For two.", variants: [{ sku: "HAM-2", name: "Ochre", price: { amount: "60", currencyCode: "GBP" } }] }) {
        product { name } userErrors { code field }
      }
    }`,
    {},
    staff,
  );
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    less: { variant: { available: 500 }, userErrors: [] },
    more: { variant: { available: 505 }, userErrors: [] },
    tooMuch: {
      variant: null,
      userErrors: [
        {
          code: 'INSUFFICIENT_STOCK',
          field: ['input', 'delta'],
          message: expect.stringContaining('TNT-DOME-2'),
        },
      ],
    },
    changePrice: { variant: { price: { amount: '175.00' } }, userErrors: [] },
    createProduct: {
      product: { name: 'Hammock', variants: [{ sku: 'HAM-2', price: { amount: '60.50' }, available: 0 }] },
      userErrors: [],
    },
    taken: { product: null, userErrors: [{ code: 'SKU_TAKEN', field: ['input', 'variants', '0', 'sku'] }] },
  });
});

test('customers and strangers are turned away from what staff do', async () => {
  const mutation =
    'mutation { changePrice(input: { sku: "TNT-DOME-2", price: { amount: "1", currencyCode: "GBP" } }) { userErrors { code } } }';
  expect((await inventory.ask(mutation)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  expect(
    (await inventory.ask(mutation, {}, await inventory.tokens.customer())).errors?.[0]?.extensions.code,
  ).toBe('FORBIDDEN');
});
