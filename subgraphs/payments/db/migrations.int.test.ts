import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { uuidv7 } from 'uuidv7';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { refundPayment } from '../commands/refund-payment.ts';
import { createTestPayments, STAFF } from '../testing.ts';

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

test('what was paid in forints, counted in whole ones, is the same in hundredths, here and at the provider', async () => {
  await using payments = await createTestPayments();
  const { sql } = payments.database;
  await payments.startWorker();
  const orderId = uuidv7();
  const amount = { minor: '5000', currencyCode: 'HUF' };
  await payments.send('payments.authorise', {
    orderId,
    customerId: uuidv7(),
    amount,
    paymentMethod: 'tok_visa',
  });
  await payments.settled();
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  await payments.stopWorkers();
  const paymentId = (await payments.payment(orderId))?.id ?? '';
  const request = JSON.stringify([paymentId, '5000', 'HUF', 'broken']);
  const hash = createHash('sha256').update(request).digest('hex');
  await sql`insert into idempotency_keys (actor_id, key, request_hash, refund_id) values (${STAFF.userId}, 'before', ${hash}, ${ID(5)})`;
  await sql.unsafe(await migration('0003_minor-units-of-the-standard'));
  const simulator = new URL('../provider/migrations/0003_minor-units-of-the-standard.sql', import.meta.url);
  await sql.unsafe(
    (await readFile(simulator, 'utf8')).replaceAll('pg_temp.factor', 'pg_temp.simulated_factor'),
  );
  expect(await payments.payment(orderId)).toMatchObject({ amountMinor: 500_000n, capturedMinor: 500_000n });
  expect(await payments.movements(orderId)).toEqual(['HOLD 500000', 'CAPTURE 500000']);
  const amounts = await sql`
    select amount_minor::int as minor from payment_transactions union all select amount_minor::int from payment_operations`;
  expect(new Set(amounts.map(({ minor }) => minor))).toEqual(new Set([500_000]));
  const [call] = await sql`select fingerprint ->> 'amount' as amount from simulator.requests limit 1`;
  expect(call?.['amount']).toBe('500000 HUF');

  const refund = (amount: string, reason = 'broken') =>
    refundPayment(
      { database: payments.database, actor: STAFF },
      { idempotencyKey: 'before', paymentId, amount: { amount, currencyCode: 'HUF' }, reason },
    );
  expect(await refund('5000')).toEqual({ paymentId, refundId: ID(5) });
  for (const [amount, reason] of [
    ['50', 'broken'],
    ['5000.01', 'broken'],
    ['5000', 'late'],
  ] as const)
    await expect(refund(amount, reason)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
});
