import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database.ts';

const migration = (name: string) => readFile(new URL(`./migrations/${name}.sql`, import.meta.url), 'utf8');
const ID = (n: number) => `00000000-0000-7000-8000-00000000000${n}`;

test('captures that were refused before anybody was told are told of, and what was paid stays so', async () => {
  await using database = await cloneDatabase('payments');
  const { sql } = database;
  await sql.unsafe('drop schema public cascade; create schema public');
  await sql.unsafe(await migration('0001_payments'));
  await sql.unsafe(`
    insert into payments (id, order_id, customer_id, amount_minor, currency_code, payment_method, status, captured_minor) values
      ('${ID(1)}', '${ID(7)}', '${ID(9)}', 100, 'GBP', 'tok_visa', 'AUTHORISED', 0),
      ('${ID(2)}', '${ID(8)}', '${ID(9)}', 100, 'GBP', 'tok_visa', 'CAPTURED', 100);
    insert into payment_operations (id, payment_id, kind, amount_minor, idempotency_key, state) values
      ('${ID(3)}', '${ID(1)}', 'CAPTURE', 100, 'capture:1', 'FAILED'), ('${ID(4)}', '${ID(2)}', 'CAPTURE', 100, 'capture:2', 'SUCCEEDED');
    insert into payment_transactions (payment_id, operation_id, kind, amount_minor, currency_code, status, detail)
      values ('${ID(1)}', '${ID(3)}', 'CAPTURE', 100, 'GBP', 'FAILED', 'The card is gone.')`);
  await sql.unsafe(await migration('0002_captures-and-holds'));
  expect([...(await sql`select id, status, capture_failure, attempt from payments order by id`)]).toEqual([
    { id: ID(1), status: 'AUTHORISED', capture_failure: 'The card is gone.', attempt: 1 },
    { id: ID(2), status: 'CAPTURED', capture_failure: null, attempt: 1 },
  ]);
  expect([...(await sql`select type, key, payload from messaging.outbox`)]).toEqual([
    {
      type: 'payment.capture-failed',
      key: ID(7),
      payload: { orderId: ID(7), paymentId: ID(1), message: 'The card is gone.' },
    },
  ]);
});
