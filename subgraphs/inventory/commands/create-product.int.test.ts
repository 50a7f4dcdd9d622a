import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANONYMOUS, type Actor } from '#platform/auth/actor.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { createProduct } from './create-product.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase('inventory');
});
afterAll(() => database[Symbol.asyncDispose]());

const user = (...roles: ('CUSTOMER' | 'STAFF')[]): Actor => ({
  kind: 'user',
  userId: uuidv7(),
  roles,
  expiresAt: new Date(Date.now() + 60_000),
});
const staff = user('STAFF');
const create = (input: object, actor = staff) =>
  createProduct(
    { database, actor },
    { idempotencyKey: uuidv7(), name: 'Kettle', description: 'Boils water.', ...input },
  );
const variant = (sku: string, amount = '10.00') => ({
  sku,
  name: `Variant ${sku}`,
  price: { amount, currencyCode: 'GBP' },
});
const productCount = async () => (await database.sql`select count(*)::integer as n from products`)[0]?.['n'];

test('a product is stored with its variants in their order', async () => {
  const { productId } = await create({ variants: [variant('KTL-RED', '12.5'), variant('KTL-BLUE')] });
  expect(
    await database.sql`select sku, name, price_minor::integer as minor, currency_code from variants where product_id = ${productId} order by position`,
  ).toEqual([
    { sku: 'KTL-RED', name: 'Variant KTL-RED', minor: 1250, currency_code: 'GBP' },
    { sku: 'KTL-BLUE', name: 'Variant KTL-BLUE', minor: 1000, currency_code: 'GBP' },
  ]);
});

test('a SKU names one variant: a product that wants a taken one is refused whole', async () => {
  await create({ variants: [variant('PAN-1')] });
  const before = await productCount();
  await expect(create({ variants: [variant('PAN-2'), variant('PAN-1')] })).rejects.toMatchObject({
    code: 'SKU_TAKEN',
    field: ['input', 'variants', '1', 'sku'],
  });
  expect(await productCount()).toBe(before);
});

test('of products that want the same SKUs at once, in whatever order, one is stored', async () => {
  const skus = ['RACE-A', 'RACE-B', 'RACE-C'];
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      create({ variants: (n % 2 ? skus : skus.toReversed()).map((sku) => variant(sku)) }),
    ),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const codes = outcomes
    .filter((each) => each.status === 'rejected')
    .map(({ reason }) => (reason as { code: string }).code);
  expect(new Set(codes)).toEqual(new Set(['SKU_TAKEN']));
});

test('a key makes one product, however often and however much at once it is sent', async () => {
  const input = { idempotencyKey: 'kettle', variants: [variant('ONCE-1')] };
  const results = await Promise.all(Array.from({ length: 6 }, () => create(input)));
  expect(new Set(results.map(({ productId }) => productId)).size).toBe(1);
  await expect(create({ ...input, name: 'Another' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});

test('what makes no product is refused by the field at fault', async () => {
  const refusals: [object, string[]][] = [
    [{ name: ' ', variants: [variant('X-1')] }, ['input', 'name']],
    [{ variants: [] }, ['input', 'variants']],
    [{ variants: [variant('X-1'), variant('X-1')] }, ['input', 'variants', '1', 'sku']],
    [{ variants: [variant('no spaces')] }, ['input', 'variants', '0', 'sku']],
    [{ variants: [variant('X-1', '0')] }, ['input', 'variants', '0', 'price', 'amount']],
    [{ variants: [variant('X-1', '1.234')] }, ['input', 'variants', '0', 'price', 'amount']],
    [{ variants: Array.from({ length: 101 }, (_, n) => variant(`X-${n}`)) }, ['input', 'variants']],
  ];
  for (const [input, field] of refusals)
    await expect(create(input)).rejects.toMatchObject({ code: 'INVALID_INPUT', field });
});

test('customers and strangers create nothing', async () => {
  const input = { variants: [variant('MINE-1')] };
  await expect(create(input, ANONYMOUS)).rejects.toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
  await expect(create(input, user('CUSTOMER'))).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
});
