import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Refusal } from '#platform/refusal/refusal.ts';
import type { PaymentProvider } from '../provider/provider.ts';
import { STAFF, createTestPayments, type TestPayments } from '../testing.ts';
import { refundPayment } from './refund-payment.ts';

const gbp = (amount: string) => ({ amount, currencyCode: 'GBP' });

/** One for all: each test has payments of its own. */
let payments: TestPayments;
beforeAll(async () => {
  payments = await createTestPayments();
});
afterEach(() => payments.stopWorkers());
afterAll(() => payments[Symbol.asyncDispose]());

/** 100.00 GBP, captured. */
async function capturedPayment(paymentMethod = 'tok_visa') {
  const orderId = await payments.authorise(paymentMethod);
  await payments.send('payments.capture', { orderId });
  await payments.settled();
  const payment = await payments.payment(orderId);
  if (payment === undefined) throw new Error('no payment');
  return {
    orderId,
    paymentId: payment.id,
    refund: (
      input: {
        amount?: { amount: string; currencyCode: string };
        idempotencyKey?: string;
        reason?: string;
        paymentId?: string;
      } = {},
    ) =>
      refundPayment(
        { database: payments.database, actor: STAFF },
        { idempotencyKey: uuidv7(), paymentId: payment.id, ...input },
      ),
    amounts: async () => {
      const row = await payments.payment(orderId);
      return { captured: row?.capturedMinor, refunding: row?.refundingMinor, refunded: row?.refundedMinor };
    },
  };
}

async function refusal(refunding: Promise<unknown>): Promise<{ code: string; field: string[] | null }> {
  const error = await refunding.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Refusal)) throw new Error(`not refused: ${String(error)}`);
  return { code: error.code, field: error.field };
}

test('refunds in parts: each sets its amount aside when accepted, and the provider pays it back', async () => {
  const worker = await payments.startWorker();
  const { orderId, refund, amounts } = await capturedPayment();
  await worker[Symbol.asyncDispose]();

  await refund({ amount: gbp('30.00') });
  expect(await amounts()).toEqual({ captured: 10_000n, refunding: 3_000n, refunded: 0n });
  await payments.startWorker();
  await payments.settled();
  expect(await amounts()).toEqual({ captured: 10_000n, refunding: 0n, refunded: 3_000n });

  await refund({ reason: 'the rest' });
  await payments.settled();
  expect(await amounts()).toEqual({ captured: 10_000n, refunding: 0n, refunded: 10_000n });
  expect(await payments.movements(orderId)).toEqual([
    'HOLD 10000',
    'CAPTURE 10000',
    'REFUND 3000',
    'REFUND 7000',
  ]);
  expect(await refusal(refund())).toMatchObject({ code: 'INVALID_STATUS' });
});

test('twenty refunds at once of a payment that has room for three: three', async () => {
  await payments.startWorker();
  const { orderId, refund, amounts } = await capturedPayment();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => refund({ amount: gbp('30') })));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  await payments.settled();
  expect(await amounts()).toEqual({ captured: 10_000n, refunding: 0n, refunded: 9_000n });
  expect((await payments.movements(orderId)).slice(2)).toEqual(['REFUND 3000', 'REFUND 3000', 'REFUND 3000']);
});

test('while a capture is unanswered nothing is paid back; once it is answered the same request is accepted', async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const slow: PaymentProvider = {
    ...payments.simulator,
    async capture(call, signal) {
      asked.resolve();
      await answered.promise;
      return payments.simulator.capture(call, signal);
    },
  };
  await payments.startWorker({ provider: () => slow });
  const orderId = await payments.authorise('tok_visa');
  await payments.send('payments.capture', { orderId });
  await asked.promise;
  const paymentId = (await payments.payment(orderId))?.id;
  const parts = ['0.01', '33.33', '66.66', '99.99', '100.00'];
  const refunds = () =>
    Array.from({ length: 20 }, (_, n) =>
      refundPayment(
        { database: payments.database, actor: STAFF },
        { idempotencyKey: `part ${n}`, paymentId, amount: gbp(parts[n % parts.length] ?? '') },
      ),
    );
  const early = await Promise.all(refunds().map((each) => refusal(each)));
  expect(new Set(early.map(({ code }) => code))).toEqual(new Set(['INVALID_STATUS']));
  answered.resolve();
  await payments.settled(orderId);

  // All at once, each twice: together no more than was taken, and no request twice.
  const outcomes = await Promise.allSettled([...refunds(), ...refunds()]);
  const accepted = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value.refundId] : []));
  expect(accepted.length).toBeGreaterThan(0);
  await payments.settled(orderId);
  const paidBack = (await payments.movements(orderId)).filter((each) => each.startsWith('REFUND'));
  expect(paidBack).toHaveLength(new Set(accepted).size);
  const minor = paidBack.reduce((sum, each) => sum + Number(each.split(' ')[1]), 0);
  expect(minor).toBeLessThanOrEqual(10_000);
  expect(await payments.payment(orderId)).toMatchObject({ refundedMinor: BigInt(minor), refundingMinor: 0n });
});

test('a refund that the provider refuses gives its amount back', async () => {
  await payments.startWorker();
  const { refund, amounts, orderId } = await capturedPayment('tok_refund_declined');
  const { refundId } = await refund();
  await payments.settled();
  expect(await amounts()).toEqual({ captured: 10_000n, refunding: 0n, refunded: 0n });
  expect(await payments.database.sql`select status from refunds where id = ${refundId}`).toEqual([
    { status: 'FAILED' },
  ]);
  expect(await payments.ledger(orderId)).toContain('REFUND FAILED');
});

test('the same key with the same body is one refund, also when both come at once; with another body it is refused', async () => {
  await payments.startWorker();
  const { refund, amounts } = await capturedPayment();
  const request = { idempotencyKey: 'once', amount: gbp('10.00') };
  const answers = await Promise.all(Array.from({ length: 8 }, () => refund(request)));
  expect(new Set(answers.map(({ refundId }) => refundId)).size).toBe(1);
  expect(await refund({ ...request, amount: gbp('10.0') })).toEqual(answers[0]);
  expect(await refusal(refund({ ...request, amount: gbp('11.00') }))).toEqual({
    code: 'IDEMPOTENCY_CONFLICT',
    field: ['input', 'idempotencyKey'],
  });
  await payments.settled();
  expect(await amounts()).toMatchObject({ refunded: 1_000n });
});

test('a refused request does not use up its key', async () => {
  await payments.startWorker();
  const { refund } = await capturedPayment();
  expect(await refusal(refund({ idempotencyKey: 'k', amount: gbp('100.01') }))).toEqual({
    code: 'AMOUNT_TOO_LARGE',
    field: ['input', 'amount'],
  });
  await expect(refund({ idempotencyKey: 'k', amount: gbp('100.00') })).resolves.toBeDefined();
});

test('refusals name what is wrong', async () => {
  await payments.startWorker();
  const { refund } = await capturedPayment();
  const held = await payments.payment(await payments.authorise('tok_visa'));
  await payments.settled();
  expect(await refusal(refund({ paymentId: held?.id }))).toEqual({
    code: 'INVALID_STATUS',
    field: ['input', 'paymentId'],
  });
  expect(await refusal(refund({ paymentId: 'no-such-id' }))).toMatchObject({ code: 'NOT_FOUND' });
  expect(await refusal(refund({ paymentId: '01890a5d-ac96-774b-bcce-b302099a8057' }))).toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(await refusal(refund({ amount: gbp('0') }))).toEqual({
    code: 'INVALID_INPUT',
    field: ['input', 'amount', 'amount'],
  });
  expect(await refusal(refund({ amount: gbp('1.005') }))).toEqual({
    code: 'INVALID_INPUT',
    field: ['input', 'amount', 'amount'],
  });
  expect(await refusal(refund({ amount: { amount: '1', currencyCode: 'EUR' } }))).toEqual({
    code: 'INVALID_INPUT',
    field: ['input', 'amount', 'currencyCode'],
  });
  expect(await refusal(refund({ idempotencyKey: ' ' }))).toEqual({
    code: 'INVALID_INPUT',
    field: ['input', 'idempotencyKey'],
  });
});

test('customers and the anonymous refund nothing', async () => {
  const { database } = payments;
  await expect(refundPayment({ database, actor: { kind: 'anonymous' } }, {})).rejects.toMatchObject({
    extensions: { code: 'UNAUTHENTICATED' },
  });
  await expect(
    refundPayment({ database, actor: { ...STAFF, roles: ['CUSTOMER'] } }, {}),
  ).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
});
