import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Actor } from '#platform/auth/actor.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { placeOrder } from '../commands/place-order.ts';
import { lockOrder } from './order.queries.ts';

const migration = (name: string) => readFile(new URL(`./migrations/${name}.sql`, import.meta.url), 'utf8');

const ID = '00000000-0000-7000-8000-000000000001';

test('orders that were there before go on: what they asked for and how far they were stays', async () => {
  await using database = await cloneDatabase('orders');
  const { sql, db } = database;
  await sql.unsafe('drop schema public cascade; create schema public');
  await sql.unsafe(await migration('0001_orders'));
  await sql.unsafe(await migration('0002_positions-are-counted'));
  await sql.unsafe(`
    insert into orders (id, customer_id, status, version, payment_method, shipping_address, created_at, total_minor, currency_code, carrier, tracking_number, shipped_at, reason)
    select ('00000000-0000-7000-8000-00000000000' || n)::uuid, gen_random_uuid(), status, 1, case when status = 'PENDING' then 'tok_visa' end, '{}', now(),
      case when status <> 'PENDING' then 950 end, case when status <> 'PENDING' then 'GBP' end,
      case when status = 'FULFILLED' then 'DHL' end, case when status = 'FULFILLED' then 'T' end, case when status = 'FULFILLED' then now() end,
      case when status = 'CANCELLED' then 'CANCELLED_BY_STAFF' end
    from (values (1, 'PENDING'), (2, 'RESERVED'), (3, 'CONFIRMED'), (4, 'FULFILLED'), (5, 'CANCELLED')) as old (n, status);
    insert into order_lines (order_id, line, sku, quantity, name, unit_price_minor)
    select id, 0, 'MUG', 1, case when status <> 'PENDING' then 'Mug' end, total_minor from orders`);
  await sql.unsafe(await migration('0003_prices-agreed-to'));
  await sql.unsafe(await migration('0004_payment-can-fail'));
  const orders = await db.transaction(async (tx) => {
    const found = [];
    for (const n of [1, 2, 3, 4, 5])
      found.push(await lockOrder(tx, `00000000-0000-7000-8000-00000000000${n}`));
    return found;
  });
  expect(orders).toMatchObject([
    { status: 'PENDING', paymentMethod: 'tok_visa', lines: [{ sku: 'MUG', expectedPrice: null }] },
    { status: 'RESERVED', paymentAttempt: 1 },
    { status: 'CONFIRMED', total: { minor: 950n } },
    { status: 'FULFILLED', shipment: { carrier: 'DHL' } },
    { status: 'CANCELLED', reason: 'CANCELLED_BY_STAFF', offer: null },
  ]);
  await expect(sql`update orders set status = 'PAYMENT_FAILED' where status = 'CONFIRMED'`).rejects.toThrow(
    'orders_say_why',
  );
});

test('orders in forints, which were counted in whole ones, cost the same after they are counted in hundredths', async () => {
  await using database = await cloneDatabase('orders');
  const { sql } = database;
  await sql.unsafe(`
    insert into orders (id, customer_id, status, version, shipping_address, created_at, total_minor, currency_code, expected_total_minor, expected_currency_code)
      values ('00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'CONFIRMED', 1, '{}', now(), 5000, 'HUF', 5000, 'HUF'),
        ('00000000-0000-7000-8000-000000000002', gen_random_uuid(), 'CONFIRMED', 1, '{}', now(), 950, 'GBP', null, null);
    insert into order_lines (order_id, line, sku, quantity, name, unit_price_minor) select id, 0, 'MUG', 1, 'Mug', total_minor from orders`);
  await sql.unsafe(await migration('0005_minor-units-of-the-standard'));
  const rows = await sql`
    select total_minor::int as total, expected_total_minor::int as expected, unit_price_minor::int as unit
    from orders join order_lines on order_id = id order by id`;
  expect([...rows]).toEqual([
    { total: 500_000, expected: 500_000, unit: 500_000 },
    { total: 950, expected: null, unit: 950 },
  ]);
});

test('what was ordered before, at a total in forints and in small letters, is answered when it is asked for again', async () => {
  await using database = await cloneDatabase('orders');
  const { sql } = database;
  const actor: Actor = { kind: 'user', userId: ID, roles: ['CUSTOMER'], expiresAt: new Date('2100-01-01') };
  const before = (sku: string, countryCode: string, expectedTotal: string) =>
    createHash('sha256')
      .update(
        `{"lines":[{"sku":"${sku}","quantity":1}],"paymentMethod":"tok_visa","expectedTotal":${expectedTotal},"shippingAddress":{"name":"Ada","line1":"1 Main Street","line2":null,"city":"London","region":null,"postalCode":"N1 1AA","countryCode":"${countryCode}"}}`,
      )
      .digest('hex');
  const keys = {
    forints: before('MUG', 'GB', '{"minor":"5000","currencyCode":"HUF"}'),
    pounds: before('MUG', 'GB', '{"minor":"1250","currencyCode":"GBP"}'),
    small: before('mug', 'gb', 'null'),
  };
  for (const [key, hash] of Object.entries(keys))
    await sql`insert into idempotency_keys (customer_id, key, request_hash, order_id) values (${ID}, ${key}, ${hash}, ${ID})`;
  await sql.unsafe(await migration('0005_minor-units-of-the-standard'));

  const ask = async (idempotencyKey: string, amount: string | null, currencyCode = 'HUF', sku = 'mug') => {
    const input = {
      idempotencyKey,
      lines: [{ sku, quantity: 1 }],
      paymentMethod: 'tok_visa',
      shippingAddress: {
        name: 'Ada',
        line1: '1 Main Street',
        city: 'London',
        postalCode: 'N1 1AA',
        countryCode: 'gb',
      },
      expectedTotal: amount === null ? null : { amount, currencyCode },
    };
    return placeOrder({ database, actor }, input).then(
      ({ orderId }) => orderId,
      ({ code }: { code: string }) => code,
    );
  };
  expect(await ask('forints', '5000.00', 'HUF', 'MUG')).toBe(ID);
  expect(await ask('pounds', '12.5', 'GBP', 'MUG')).toBe(ID);
  expect(await ask('small', null)).toBe(ID);
  for (const amount of ['50.00', '5000.01', '500000', '0'])
    expect([amount, await ask('forints', amount)]).toEqual([amount, 'IDEMPOTENCY_CONFLICT']);
  expect(await ask('pounds', '12.51', 'GBP')).toBe('IDEMPOTENCY_CONFLICT');
});
