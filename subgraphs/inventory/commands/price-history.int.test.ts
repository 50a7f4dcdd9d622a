import { readFile } from 'node:fs/promises';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { UserActor } from '#platform/auth/actor.ts';
import type { MoneyMessage } from '#platform/money/money.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { createMessageHandlers } from '../messages.ts';
import { answersTo, stock } from '../testing.ts';
import { changePrice } from './change-price.ts';
import { reserveStock } from './reserve-stock.ts';

const actor: UserActor = {
  kind: 'user',
  userId: uuidv7(),
  roles: ['STAFF'],
  expiresAt: new Date('2100-01-01'),
};
const tolerance = { quotedMs: 60_000, clockSkewMs: 1_000 };
const pounds = (minor: number): MoneyMessage => ({ minor: String(minor), currencyCode: 'GBP' });

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase('inventory');
});
afterAll(() => database[Symbol.asyncDispose]());

let stocked = 0;
async function newSku(): Promise<string> {
  const sku = `PRICED-${++stocked}`;
  await stock(database, { [sku]: [100, 0] });
  return sku;
}

const change = (sku: string, amount: string) =>
  changePrice({ database, actor }, { sku, price: { amount, currencyCode: 'GBP' } });

/** What a piece is reserved at, in pence. */
async function reservedAt(sku: string, placedAt: Date, quotedPrice?: MoneyMessage): Promise<number> {
  const orderId = uuidv7();
  const lines = [{ sku, quantity: 1, ...(quotedPrice !== undefined && { quotedPrice }) }];
  await database.db.transaction((tx) => reserveStock(tx, { orderId, lines }, { placedAt, tolerance }));
  return priceAnswered(orderId);
}

async function priceAnswered(orderId: string): Promise<number> {
  const [answer] = await answersTo(database, orderId);
  const { lines } = (answer?.payload ?? { lines: [] }) as { lines: { unitPrice: MoneyMessage }[] };
  return Number(lines[0]?.unitPrice.minor);
}

/** The clock ticks in milliseconds: what happens in the same one has no order. */
async function nextMillisecond(): Promise<Date> {
  const start = Date.now();
  while (Date.now() <= start) await database.sql`select 1`;
  return new Date();
}

test('an order placed before a change of price is reserved at the price it was placed at, however late that is', async () => {
  const sku = await newSku();
  const placedAt = await nextMillisecond();
  await nextMillisecond();
  await change(sku, '99.00');
  await change(sku, '120.00');
  const placedLater = await nextMillisecond();
  expect(await reservedAt(sku, placedAt)).toBe(1250);
  expect(await reservedAt(sku, placedLater)).toBe(12_000);
});

test('an order of before there was a price is reserved at the first one', async () => {
  expect(await reservedAt(await newSku(), new Date('2020-01-01'))).toBe(1250);
});

test('a quoted price is kept for a while after it has changed, and not for ever; one that was never offered is not kept', async () => {
  const sku = await newSku();
  await nextMillisecond();
  await change(sku, '15.00');
  const now = await nextMillisecond();
  const minutesLater = new Date(now.getTime() + 61_000);
  expect(await reservedAt(sku, now, pounds(1250))).toBe(1250);
  expect(await reservedAt(sku, minutesLater, pounds(1250))).toBe(1500);
  expect(await reservedAt(sku, now, pounds(1))).toBe(1500);
  expect(await reservedAt(sku, now, { minor: '1250', currencyCode: 'EUR' })).toBe(1500);
});

test('a message that was sent before there were quotes is handled: its own time tells when the order was placed', async () => {
  const sku = await newSku();
  const orderId = uuidv7();
  const occurredAt = (await nextMillisecond()).toISOString();
  await nextMillisecond();
  await change(sku, '99.00');
  const handle = createMessageHandlers(tolerance)['inventory.reserve-stock'] as (
    message: object,
    tx: Transaction,
  ) => Promise<void>;
  const message = { occurredAt, payload: { orderId, lines: [{ sku, quantity: 1 }] } };
  await database.db.transaction((tx) => handle(message, tx));
  expect(await priceAnswered(orderId)).toBe(1250);
});

test('told twice, a change of price is one; and what a price was cannot be changed afterwards', async () => {
  const sku = await newSku();
  await change(sku, '20.00');
  await change(sku, '20.00');
  const prices = await database.sql`
    select p.price_minor::int as minor from variant_prices p join variants v on v.id = p.variant_id where v.sku = ${sku} order by p.id`;
  expect(prices.map(({ minor }) => minor)).toEqual([1250, 2000]);
  await expect(database.sql`update variant_prices set price_minor = 1`).rejects.toThrow('append-only');
});

test('a key of changePrice answers the same again without bringing an old price back, and is no key for another', async () => {
  const sku = await newSku();
  const price = (amount: string) => ({ amount, currencyCode: 'GBP' });
  const ask = (input: object) => changePrice({ database, actor }, { sku, ...input });
  const idempotencyKey = uuidv7();
  const first = await ask({ price: price('20.00'), idempotencyKey });
  await ask({ price: price('30.00') });
  expect(await ask({ price: price('20'), idempotencyKey })).toEqual(first);
  const [row] = await database.sql`select price_minor::int as minor from variants where sku = ${sku}`;
  expect(row?.['minor']).toBe(3000);
  await expect(ask({ price: price('21.00'), idempotencyKey })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_CONFLICT',
    field: ['input', 'idempotencyKey'],
  });
});

test('the migration gives every variant that is there its price, from its beginning on', async () => {
  await using live = await cloneDatabase('inventory');
  const { sql } = live;
  await sql`drop table variant_prices`;
  await sql`drop function keep_price cascade`;
  await sql`drop function refuse_change_of_prices cascade`;
  await stock(live, { OLD: [5, 0] });
  await sql`update variants set created_at = '2025-05-05T05:05:05Z'`;
  await sql.unsafe(
    await readFile(new URL('../db/migrations/0002_prices-are-kept.sql', import.meta.url), 'utf8'),
  );
  const prices =
    await sql`select price_minor::int as minor, currency_code, valid_from = '2025-05-05T05:05:05Z' as "asCreated" from variant_prices`;
  expect([...prices]).toEqual([{ minor: 1250, currency_code: 'GBP', asCreated: true }]);
});

test('prices in forints, which were counted in whole ones, are the same after they are counted in hundredths', async () => {
  await using live = await cloneDatabase('inventory');
  const { sql } = live;
  await stock(live, { HUNGARIAN: [5, 0], BRITISH: [5, 0] });
  await sql`update variants set price_minor = 5000, currency_code = 'HUF' where sku = 'HUNGARIAN'`;
  const payload = {
    lines: [{ unitPrice: { minor: '5000', currencyCode: 'HUF' } }, { unitPrice: pounds(1250) }],
  };
  await sql`insert into messaging.outbox (id, type, key, payload, occurred_at)
    values (gen_random_uuid(), 'stock.reserved', 'key', ${JSON.stringify(payload)}::text::jsonb, now())`;
  const migration = new URL('../db/migrations/0003_minor-units-of-the-standard.sql', import.meta.url);
  await sql.unsafe(await readFile(migration, 'utf8'));
  const prices =
    await sql`select sku, v.price_minor::int as minor, string_agg(p.price_minor::text, ' ' order by p.id) as history
    from variants v join variant_prices p on p.variant_id = v.id group by v.id order by sku`;
  expect([...prices]).toEqual([
    { sku: 'BRITISH', minor: 1250, history: '1250' },
    { sku: 'HUNGARIAN', minor: 500_000, history: '1250 500000' },
  ]);
  const [message] = await sql`select payload from messaging.outbox`;
  expect(message?.['payload']).toEqual({
    lines: [{ unitPrice: { minor: '500000', currencyCode: 'HUF' } }, { unitPrice: pounds(1250) }],
  });
});

test('a price that was set while the clock was ahead does not come back when its time comes', async () => {
  const sku = await newSku();
  const ahead = new Date(Date.now() + 3_600_000);
  await change(sku, '11.00');
  await database.sql`
    insert into variant_prices (variant_id, price_minor, currency_code, valid_from)
    select id, 9900, 'GBP', ${ahead} from variants where sku = ${sku}`;
  await change(sku, '12.00');
  for (const minutes of [0, 59, 60, 61, 600])
    expect([minutes, await reservedAt(sku, new Date(Date.now() + minutes * 60_000))]).toEqual([
      minutes,
      1200,
    ]);
});
