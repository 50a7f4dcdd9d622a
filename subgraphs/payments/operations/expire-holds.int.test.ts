import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLogger } from '#platform/process/logger.ts';
import { until } from '#tests/support/until.ts';
import { createTestPayments, type TestPayments } from '../testing.ts';
import { expireHolds } from './expire-holds.ts';

/** A hold of a minute ends within the hour before which one is given up; a week's does not. */
const times = { holdMarginMs: 3_600_000, holdSweepMs: 20 };

let payments: TestPayments;
beforeAll(async () => {
  payments = await createTestPayments();
});
afterAll(() => payments[Symbol.asyncDispose]());

const sweep = () => expireHolds({ database: payments.database, logger: silentLogger, times });
const statusOf = async (orderId: string) => (await payments.payment(orderId))?.status;
const becomes = (orderId: string, status: string) =>
  until(async () => (await statusOf(orderId)) === status, `the payment to be ${status}`);

test('a hold that is about to end is given up before it is needed, its order told, and the money let go of', async () => {
  await payments.startWorker();
  const [short, long] = await Promise.all([
    payments.authorise('tok_short_hold'),
    payments.authorise('tok_visa'),
  ]);
  await payments.settled();
  await using _ = sweep();
  await becomes(short, 'EXPIRED');
  await payments.settled();
  expect(await payments.movements(short)).toEqual(['HOLD 10000', 'RELEASE 10000']);
  expect(await payments.replies(short)).toEqual([
    { type: 'payment.authorised' },
    { type: 'payment.expired' },
  ]);
  expect(await statusOf(long)).toBe('AUTHORISED');
  // What comes too late finds nothing to take, and says so.
  await payments.send('payments.capture', { orderId: short });
  await payments.settled();
  expect((await payments.replies(short)).at(-1)).toEqual({ type: 'payment.capture-failed' });
});

test('a payment that is just being captured is left to it', async () => {
  const worker = await payments.startWorker();
  const orderId = await payments.authorise('tok_short_hold');
  await payments.settled();
  await payments.stopWorkers();
  await payments.send('payments.capture', { orderId });
  await using _ = sweep();
  const witness = await (async () => {
    await payments.startWorker();
    const other = await payments.authorise('tok_short_hold');
    await becomes(other, 'EXPIRED');
    return other;
  })();
  await payments.settled();
  expect(await statusOf(witness)).toBe('EXPIRED');
  expect(await statusOf(orderId)).toBe('CAPTURED');
  await worker[Symbol.asyncDispose]();
});

test('what could not be taken is authorised once more, on another card, with no more held than is owed', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_capture_declined');
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  const again = { orderId, attempt: 2, paymentMethod: 'tok_visa' };
  for (const _ of ['once', 'told again']) await payments.send('payments.reauthorise', again);
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({
    status: 'AUTHORISED',
    attempt: 2,
    captureFailure: null,
    paymentMethod: 'tok_visa',
  });
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  expect(await payments.movements(orderId)).toEqual([
    'HOLD 10000',
    'RELEASE 10000',
    'HOLD 10000',
    'CAPTURE 10000',
  ]);
  expect((await payments.replies(orderId)).map(({ type }) => type)).toEqual([
    'payment.authorised',
    'payment.capture-failed',
    'payment.authorised',
    'payment.captured',
  ]);
  // Asked again, the answer is the same, and nothing is taken twice.
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  expect((await payments.replies(orderId)).at(-1)).toEqual({ type: 'payment.captured' });
  expect((await payments.payment(orderId))?.capturedMinor).toBe(10_000n);
});

test('a payment that is held, captured or let go of is not authorised once more', async () => {
  await payments.startWorker();
  const orderId = await payments.authorise('tok_visa');
  await payments.settled();
  await payments.send('payments.reauthorise', { orderId, attempt: 2 });
  await payments.send('payments.void', { orderId });
  await payments.send('payments.reauthorise', { orderId, attempt: 2 });
  await payments.settled();
  expect(await payments.payment(orderId)).toMatchObject({ status: 'VOIDED', attempt: 1 });
  expect(await payments.movements(orderId)).toEqual(['HOLD 10000', 'RELEASE 10000']);
});
