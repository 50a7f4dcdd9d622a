import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ANONYMOUS, type Actor } from '#platform/auth/actor.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { expectNoDiscrepancies, levels, stock, type Units } from '../testing.ts';
import { adjustStock } from './adjust-stock.ts';
import { changePrice } from './change-price.ts';
import { reserveStock } from './reserve-stock.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase('inventory');
});
afterEach(() => expectNoDiscrepancies(database));
afterAll(() => database[Symbol.asyncDispose]());

const user = (...roles: ('CUSTOMER' | 'STAFF' | 'ADMIN')[]): Actor => ({
  kind: 'user',
  userId: uuidv7(),
  roles,
  expiresAt: new Date(Date.now() + 60_000),
});
const staff = user('STAFF');
const adjust = (input: object, actor = staff) =>
  adjustStock({ database, actor }, { idempotencyKey: uuidv7(), warehouseCode: 'LDN', ...input });

let stocked = 0;
async function newSku(units: Units): Promise<string> {
  const sku = `ADJ-${++stocked}`;
  await stock(database, { [sku]: units });
  return sku;
}
const london = async (sku: string) => (await levels(database))[sku]?.['LDN'];

test('what came in and what is gone is on the level, and in the ledger with who did it and why', async () => {
  const sku = await newSku([5, 0]);
  await adjust({ sku, delta: 7, reason: ' delivery 12 ' });
  await adjust({ sku, delta: -2 });
  expect(await london(sku)).toBe('0/10');
  expect(
    await database.sql`
      select kind, on_hand_delta, actor_id, reason from stock_movements join variants v on v.id = variant_id
      where sku = ${sku} and actor_id is not null order by stock_movements.id`,
  ).toEqual([
    {
      kind: 'ADJUSTED',
      on_hand_delta: 7,
      actor_id: staff.kind === 'user' ? staff.userId : null,
      reason: 'delivery 12',
    },
    {
      kind: 'ADJUSTED',
      on_hand_delta: -2,
      actor_id: staff.kind === 'user' ? staff.userId : null,
      reason: null,
    },
  ]);
});

test('stock never falls below what orders hold', async () => {
  const sku = await newSku([5, 0]);
  await database.db.transaction((tx) =>
    reserveStock(tx, { orderId: uuidv7(), lines: [{ sku, quantity: 3 }] }),
  );
  await expect(adjust({ sku, delta: -3 })).rejects.toMatchObject({
    code: 'INSUFFICIENT_STOCK',
    field: ['input', 'delta'],
  });
  await adjust({ sku, delta: -2 });
  expect(await london(sku)).toBe('3/3');
});

test('staff and shoppers at the last units at once: what is left is never less than what is promised', async () => {
  const sku = await newSku([10, 0]);
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 8 }, () => adjust({ sku, delta: -1 })),
    ...Array.from({ length: 8 }, () =>
      database.db.transaction((tx) => reserveStock(tx, { orderId: uuidv7(), lines: [{ sku, quantity: 1 }] })),
    ),
  ]);
  const refused = outcomes
    .filter((each) => each.status === 'rejected')
    .map(({ reason }) => (reason as { code: string }).code);
  expect(new Set(refused)).toEqual(new Set(refused.length > 0 ? ['INSUFFICIENT_STOCK'] : []));
  const removed = 8 - refused.length;
  const [reserved, onHand] = (await london(sku))?.split('/').map(Number) ?? [];
  expect(onHand).toBe(10 - removed);
  expect((reserved ?? 0) + removed).toBe(10);
});

test('a key does its adjustment once, however often and however much at once it is sent', async () => {
  const sku = await newSku([0, 0]);
  const input = { sku, delta: 5, idempotencyKey: 'delivery-1' };
  const results = await Promise.all(Array.from({ length: 6 }, () => adjust(input)));
  expect(new Set(results.map(({ variantId }) => variantId)).size).toBe(1);
  expect(await london(sku)).toBe('0/5');
  await expect(adjust({ ...input, delta: 6 })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_CONFLICT',
    field: ['input', 'idempotencyKey'],
  });
  await expect(adjust({ ...input, warehouseCode: 'MAN' })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_CONFLICT',
  });
  expect(await london(sku)).toBe('0/5');
});

test('the same key of another member of staff is another key', async () => {
  const sku = await newSku([0, 0]);
  const input = { sku, delta: 5, idempotencyKey: 'mine' };
  await adjust(input);
  await adjust(input, user('ADMIN'));
  expect(await london(sku)).toBe('0/10');
});

test('a refused adjustment does not use up its key', async () => {
  const sku = await newSku([1, 0]);
  const input = { sku, delta: -2, idempotencyKey: 'stock-take' };
  await expect(adjust(input)).rejects.toMatchObject({ code: 'INSUFFICIENT_STOCK' });
  await adjust({ sku, delta: 1 });
  await adjust(input);
  expect(await london(sku)).toBe('0/0');
});

test('what does not exist, or makes no sense, is refused by name', async () => {
  const sku = await newSku([0, 0]);
  await expect(adjust({ sku: 'NO-SUCH', delta: 1 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    field: ['input', 'sku'],
  });
  await expect(adjust({ sku, warehouseCode: 'XXX', delta: 1 })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    field: ['input', 'warehouseCode'],
  });
  await expect(adjust({ sku, delta: 0 })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: ['input', 'delta'],
  });
  await expect(adjust({ sku, delta: 1, reason: 'a\0b' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: ['input', 'reason'],
  });
  await expect(adjust({ sku, delta: 1, idempotencyKey: ' ' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: ['input', 'idempotencyKey'],
  });
  await adjust({ sku, delta: 10_000_000 });
  await expect(adjust({ sku, delta: 1 })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    field: ['input', 'delta'],
  });
});

test('customers and strangers move neither stock nor prices', async () => {
  const sku = await newSku([5, 0]);
  const price = { amount: '1.00', currencyCode: 'GBP' };
  for (const [actor, code] of [
    [ANONYMOUS, 'UNAUTHENTICATED'],
    [user('CUSTOMER'), 'FORBIDDEN'],
  ] as const) {
    await expect(adjust({ sku, delta: 1 }, actor)).rejects.toMatchObject({ extensions: { code } });
    await expect(changePrice({ database, actor }, { sku, price })).rejects.toMatchObject({
      extensions: { code },
    });
  }
  expect(await london(sku)).toBe('0/5');
});

test('a price changes for reservations to come', async () => {
  const sku = await newSku([5, 0]);
  const { variantId } = await changePrice(
    { database, actor: staff },
    { sku, price: { amount: '9.99', currencyCode: 'GBP' } },
  );
  expect(
    await database.sql`select price_minor::integer as minor from variants where id = ${variantId}`,
  ).toEqual([{ minor: 999 }]);
  const refusals = [
    [{ sku: 'NO-SUCH', price: { amount: '1', currencyCode: 'GBP' } }, 'NOT_FOUND', ['input', 'sku']],
    [{ sku, price: { amount: '1.999', currencyCode: 'GBP' } }, 'INVALID_INPUT', ['input', 'price', 'amount']],
    [{ sku, price: { amount: '0', currencyCode: 'GBP' } }, 'INVALID_INPUT', ['input', 'price', 'amount']],
  ] as const;
  for (const [input, code, field] of refusals) {
    await expect(changePrice({ database, actor: staff }, input)).rejects.toMatchObject({ code, field });
  }
});
