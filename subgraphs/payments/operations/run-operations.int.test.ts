import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createTestPayments, type TestPayments } from '../testing.ts';

const SLOW_MS = 400;
const HELD = ['HOLD 10000'];
const DECLINED_LEDGER = ['AUTHORISATION PENDING', 'AUTHORISATION FAILED'];

/** One for all: each test has orders of its own. */
let payments: TestPayments;
beforeAll(async () => {
  payments = await createTestPayments({ slowMs: SLOW_MS });
});
afterEach(() => payments.stopWorkers());
afterAll(() => payments[Symbol.asyncDispose]());

test('authorised, captured: the provider has taken the amount, once, and the order has heard', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_visa');
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'AUTHORISED', capturedMinor: 0n });
  expect(await payments.replies(orderId)).toEqual([{ type: 'payment.authorised' }]);

  await payments.send('payments.capture', { orderId });
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'CAPTURED', capturedMinor: 10_000n });
  expect(await payments.movements(orderId)).toEqual(['HOLD 10000', 'CAPTURE 10000']);
  expect(await payments.ledger(orderId)).toEqual([
    'AUTHORISATION PENDING',
    'AUTHORISATION SUCCEEDED',
    'CAPTURE PENDING',
    'CAPTURE SUCCEEDED',
  ]);
});

test('asked twice to authorise one order, one payment is opened, held and told of', async () => {
  await payments.startWorker();
  const orderId = uuidv7();
  await Promise.all(Array.from({ length: 5 }, () => payments.authorise('tok_visa', { orderId })));
  await payments.settled();
  expect(await payments.movements(orderId)).toEqual(HELD);
  expect(await payments.replies(orderId)).toEqual([{ type: 'payment.authorised' }]);
});

test.each([
  ['tok_declined', 'DECLINED'],
  ['tok_insufficient_funds', 'INSUFFICIENT_FUNDS'],
  ['tok_nobody_knows', 'DECLINED'],
])('%s is declined as %s', async (token, code) => {
  await payments.startWorker();
  const orderId = await payments.authorise(token);
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'DECLINED', declineCode: code });
  expect(await payments.replies(orderId)).toEqual([{ type: 'payment.declined', code }]);
  expect(await payments.ledger(orderId)).toEqual(DECLINED_LEDGER);
});

test('a call that got lost is made again', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_flaky');
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'CAPTURED' });
  expect(await payments.movements(orderId)).toEqual(['HOLD 10000', 'CAPTURE 10000']);
});

test('a provider that is down: declined as UNAVAILABLE after the deadline, and a void makes sure that nothing is held', async () => {
  await payments.startWorker({ times: { authorisationDeadlineMs: 400 } });
  const asked = performance.now();
  const orderId = await payments.authorise('tok_provider_down');
  await payments.settled();
  expect(performance.now() - asked).toBeGreaterThan(390);
  expect(await payments.payment(orderId)).toMatchObject({ status: 'DECLINED', declineCode: 'UNAVAILABLE' });
  expect(await payments.replies(orderId)).toEqual([{ type: 'payment.declined', code: 'UNAVAILABLE' }]);
  expect(await payments.ledger(orderId)).toEqual([...DECLINED_LEDGER, 'VOID PENDING', 'VOID SUCCEEDED']);
});

test('held without our hearing of it: declined as UNAVAILABLE, and let go of', async () => {
  await payments.startWorker({ times: { authorisationDeadlineMs: 300 } });
  const orderId = await payments.authorise('tok_answer_lost');
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'DECLINED', declineCode: 'UNAVAILABLE' });
  expect(await payments.movements(orderId)).toEqual(['HOLD 10000', 'RELEASE 10000']);
});

test('a card that the provider is still thinking about when we give up is never held', async () => {
  await payments.startWorker({ times: { authorisationDeadlineMs: 50, providerTimeoutMs: 100 } });
  const orderId = await payments.authorise('tok_slow');
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'DECLINED', declineCode: 'UNAVAILABLE' });
  // The provider comes to its decision after our void: asked once more, it says what it has decided.
  const [call] = await payments.database.sql<
    { idempotency_key: string }[]
  >`select idempotency_key from payment_operations o join payments p on p.id = o.payment_id where kind = 'AUTHORISE' and order_id = ${orderId}`;
  const authorisationKey = call?.idempotency_key ?? '';
  const late = await payments.simulator.authorise(
    {
      idempotencyKey: authorisationKey,
      authorisationKey,
      reference: orderId,
      amount: { minor: 10_000n, currencyCode: 'GBP' },
      paymentMethod: 'tok_slow',
    },
    AbortSignal.timeout(5_000),
  );
  expect(late).toMatchObject({ kind: 'declined' });
  expect(await payments.movements(orderId)).toEqual([]);
});

test('cards that the provider is slow to answer hold up nobody else', async () => {
  const thinking = Promise.withResolvers<void>();
  await payments.startWorker({
    times: { leaseMs: 10_000 },
    provider: () => ({
      ...payments.simulator,
      async authorise(call, signal) {
        if (call.paymentMethod === 'tok_slow') await thinking.promise;
        return payments.simulator.authorise({ ...call, paymentMethod: 'tok_visa' }, signal);
      },
    }),
  });
  const slow = await Promise.all(Array.from({ length: 60 }, () => payments.authorise('tok_slow')));
  const quick = await payments.authorise('tok_visa');
  await payments.settled(quick);
  expect(await payments.payment(quick)).toMatchObject({ status: 'AUTHORISED' });
  for (const orderId of slow) expect(await payments.payment(orderId)).toMatchObject({ status: 'PENDING' });
  thinking.resolve();
  await payments.settled();
  for (const orderId of slow) expect(await payments.payment(orderId)).toMatchObject({ status: 'AUTHORISED' });
});

test('a void that comes while the authorisation is under way runs after it', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_slow');
  await payments.asked(orderId);
  await payments.send('payments.void', { orderId });
  await payments.send('payments.void', { orderId });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'VOIDED' });
  expect(await payments.movements(orderId)).toEqual(['HOLD 10000', 'RELEASE 10000']);
});

test('a void ends the retries of an authorisation that nobody wants any more', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_provider_down');
  await payments.send('payments.void', { orderId });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'DECLINED', declineCode: 'UNAVAILABLE' });
  expect(await payments.ledger(orderId)).toEqual(
    expect.arrayContaining(['AUTHORISATION FAILED', 'VOID SUCCEEDED']),
  );
});

test('a void that comes before its authorisation: the authorisation is declined without the provider hearing of it', async () => {
  await payments.startWorker();
  const orderId = uuidv7();
  await payments.send('payments.void', { orderId });
  await payments.authorise('tok_visa', { orderId });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'VOIDED' });
  expect(await payments.replies(orderId)).toEqual([{ type: 'payment.declined', code: 'DECLINED' }]);
  expect(
    await payments.database
      .sql`select 1 from simulator.requests where fingerprint ->> 'reference' = ${orderId}`,
  ).toHaveLength(0);
});

test('void and authorisation at the same moment: nothing stays held, whoever was first', async () => {
  await payments.startWorker();
  const orders = Array.from({ length: 20 }, () => uuidv7());
  await Promise.all(
    orders.flatMap((orderId) => [
      payments.authorise('tok_visa', { orderId }),
      payments.send('payments.void', { orderId }),
    ]),
  );
  await payments.settled();
  for (const orderId of orders) {
    expect(await payments.payment(orderId)).toMatchObject({ status: 'VOIDED' });
    expect([[], ['HOLD 10000', 'RELEASE 10000']]).toContainEqual(await payments.movements(orderId));
  }
});

test('a void of a captured payment is written down as FAILED and pays nothing back', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_visa');
  await payments.send('payments.capture', { orderId });
  await payments.send('payments.void', { orderId });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({
    status: 'CAPTURED',
    capturedMinor: 10_000n,
    refundedMinor: 0n,
  });
  expect(await payments.ledger(orderId)).toContain('VOID FAILED');
  expect(await payments.movements(orderId)).toEqual(['HOLD 10000', 'CAPTURE 10000']);
});

test('a capture that the provider refuses leaves the payment AUTHORISED, says why, and tells its order; one for an order without payment is an error', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_capture_declined');
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({
    status: 'AUTHORISED',
    capturedMinor: 0n,
    captureFailure: 'The hold has ended.',
  });
  expect(await payments.ledger(orderId)).toContain('CAPTURE FAILED');
  expect(await payments.replies(orderId)).toEqual([
    { type: 'payment.authorised' },
    { type: 'payment.capture-failed' },
  ]);
  await expect(payments.send('payments.capture', { orderId: uuidv7() })).rejects.toThrow('has no payment');
});

test('several workers share the work and nothing is asked for twice', async () => {
  const times = { leaseMs: 10_000 };
  await Promise.all([1, 2, 3].map(() => payments.startWorker({ times })));
  const orders = await Promise.all(Array.from({ length: 60 }, () => payments.authorise('tok_visa')));
  await payments.settled();
  for (const orderId of orders)
    expect(await payments.replies(orderId)).toEqual([{ type: 'payment.authorised' }]);
  const { sql } = payments.database;
  expect(
    await sql`select 1 from simulator.requests where calls > 1 and fingerprint ->> 'reference' in ${sql(orders)}`,
  ).toHaveLength(0);
});

test('a worker that is stopped in mid-call hands the operation over at once', async () => {
  const times = { leaseMs: 60_000 };
  const first = await payments.startWorker({ times });
  const orderId = await payments.authorise('tok_slow');
  await payments.asked(orderId);
  await first[Symbol.asyncDispose]();
  await payments.startWorker({ times });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'AUTHORISED' });
  expect(await payments.movements(orderId)).toEqual(HELD);
});

test('a provider that fails, or answers never, is asked again with the same key', async () => {
  const keys: string[] = [];
  await payments.startWorker({
    times: { providerTimeoutMs: 100 },
    provider: () => ({
      ...payments.simulator,
      authorise(call, signal) {
        keys.push(call.idempotencyKey);
        if (keys.length === 1) throw new Error('out of order');
        if (keys.length === 2) return new Promise(() => {});
        return payments.simulator.authorise(call, signal);
      },
    }),
  });
  const orderId = await payments.authorise('tok_visa');
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'AUTHORISED' });
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
});

test.each(['before', 'after'] as const)(
  'a process killed by SIGKILL %s its call to the provider: the next one finishes, and the customer is charged once',
  async (point) => {
    const orderId = await payments.authorise('tok_visa');
    await runUntilKilled(point);
    expect(await payments.movements(orderId)).toEqual(point === 'after' ? HELD : []);
    expect(await payments.payment(orderId)).toMatchObject({ status: 'PENDING' });
    await payments.startWorker();
    await payments.settled();
    expect(await payments.payment(orderId)).toMatchObject({ status: 'AUTHORISED' });
    expect(await payments.movements(orderId)).toEqual(HELD);
    expect(await payments.replies(orderId)).toEqual([{ type: 'payment.authorised' }]);
  },
);

async function runUntilKilled(point: 'before' | 'after') {
  const program = new URL('./crashing-worker.fixture.ts', import.meta.url);
  const child = spawn(process.execPath, [program.pathname, payments.database.url, point], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
}
