/**
 * The promise behind everything here, tried on random histories: whatever orders asks for, in whatever order and however
 * often, and wherever workers die, the provider's books and ours say the same in the end, and nobody is charged twice.
 */
import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { expect, test } from 'vitest';
import { Refusal } from '#platform/refusal/refusal.ts';
import { silentLogger } from '#platform/process/logger.ts';
import { until } from '#tests/support/until.ts';
import { refundPayment } from '../commands/refund-payment.ts';
import type { PaymentRow } from '../db/tables.ts';
import type { PaymentProvider } from '../provider/provider.ts';
import { expireHolds } from './expire-holds.ts';
import { authorisationKey } from './queue-operation.ts';
import { createTestPayments, STAFF, type TestPayments, type TestWorker } from '../testing.ts';

const CASES = 15;
const ORDERS = 4;
/** Workers at the same time: each that is killed is followed by another. */
const WORKERS = 2;
const SLOW_MS = 100;
/** Short, so that providers are given up on in the midst of things. */
const DEADLINE_MS = 300;

const TOKENS = [
  'tok_visa',
  'tok_visa',
  'tok_visa',
  'tok_declined',
  'tok_slow',
  'tok_flaky',
  'tok_answer_lost',
  'tok_provider_down',
  'tok_capture_declined',
  'tok_refund_declined',
];

/** Where a worker dies: before the call leaves, after the provider has done it, or some moments into writing it down. */
const CRASHES = ['none', 'none', 'none', 'before the call', 'after the call', 'while recording'] as const;
type Crash = (typeof CRASHES)[number];

type Step =
  | {
      readonly what: 'authorise' | 'capture' | 'void' | 'settle' | 'reauthorise' | 'end hold';
      readonly order: number;
    }
  | { readonly what: 'refund'; readonly order: number; readonly minor: bigint | null };

interface History {
  readonly tokens: readonly string[];
  readonly steps: readonly Step[];
  /** One for each call to the provider, as far as they go. */
  readonly crashes: readonly Crash[];
}

const order = fc.nat(ORDERS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('authorise' as const), order }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('capture' as const), order }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('void' as const), order }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('settle' as const), order }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('reauthorise' as const), order }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('end hold' as const), order }) },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('refund' as const),
      order,
      minor: fc.option(fc.bigInt({ min: 1n, max: 12_000n })),
    }),
  },
);
const history: fc.Arbitrary<History> = fc.record({
  tokens: fc.array(fc.constantFrom(...TOKENS), { minLength: ORDERS, maxLength: ORDERS }),
  steps: fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }),
  crashes: fc.array(fc.constantFrom(...CRASHES), { maxLength: 8, size: 'max' }),
});

test('the provider’s books equal ours after any history of messages, duplicates and crashes, and nobody is charged twice', {
  timeout: 180_000,
}, async () => {
  await using payments = await createTestPayments({ slowMs: SLOW_MS });
  const times = { holdMarginMs: 0, holdSweepMs: 20 };
  await using _sweeper = expireHolds({ database: payments.database, logger: silentLogger, times });
  await fc.assert(
    fc.asyncProperty(history, async ({ tokens, steps, crashes }) => {
      const orders = tokens.map((token) => ({ id: uuidv7(), token }));
      {
        await using _ = await startCrashingWorkers(payments, crashes);
        // Orders live beside each other; what is said about one of them comes in order.
        await Promise.all(
          orders.map(async (one, index) => {
            for (const taken of steps.filter((any) => any.order === index)) await take(payments, taken, one);
          }),
        );
        await noHoldsLeftToEnd(payments);
      }
      for (const [index, { id }] of orders.entries()) {
        const payment = await payments.payment(id);
        expect(payment !== undefined).toBe(
          steps.some(({ what, order }) => what === 'authorise' && order === index),
        );
        if (payment !== undefined) await compareBooks(payments, payment);
      }
    }),
    { numRuns: CASES, endOnFailure: true },
  );
});

async function noHoldsLeftToEnd(payments: TestPayments): Promise<void> {
  const { sql } = payments.database;
  const ended = async () =>
    (await sql`select 1 from payments where status = 'AUTHORISED' and hold_ends_at < now()`).length === 0;
  await payments.settled();
  await until(ended, 'ended holds to be seen');
  await payments.settled();
}

async function take(
  payments: TestPayments,
  step: Step,
  { id: orderId, token }: { id: string; token: string },
): Promise<void> {
  switch (step.what) {
    case 'authorise':
      await payments.authorise(token, { orderId });
      return;
    case 'capture':
      // For an order without payment it is an error, which the inbox lays aside.
      if ((await payments.payment(orderId)) !== undefined)
        await payments.send('payments.capture', { orderId });
      return;
    case 'reauthorise': {
      const payment = await payments.payment(orderId);
      if (payment === undefined) return;
      const again = { orderId, attempt: payment.attempt + 1, paymentMethod: 'tok_visa' };
      for (const _ of ['once', 'told again']) await payments.send('payments.reauthorise', again);
      return;
    }
    case 'end hold':
      await payments.database.sql`update payments set hold_ends_at = now() - interval '1 second'
        where order_id = ${orderId} and status = 'AUTHORISED'`;
      return;
    case 'void':
      return payments.send('payments.void', { orderId });
    case 'settle':
      return payments.settled(orderId);
    case 'refund': {
      const payment = await payments.payment(orderId);
      if (payment === undefined) return;
      const amount =
        step.minor === null
          ? null
          : {
              amount: `${step.minor / 100n}.${(step.minor % 100n).toString().padStart(2, '0')}`,
              currencyCode: 'GBP',
            };
      const input = { idempotencyKey: uuidv7(), paymentId: payment.id, amount };
      const command = () => refundPayment({ database: payments.database, actor: STAFF }, input);
      // Sent twice, as an impatient client does: one refund at most. Either may be the first to be looked at, and be
      // refused where the other one, a moment and a capture later, is not.
      const answers = await Promise.all([command(), command()].map((answer) => answer.catch(refusalOnly)));
      const refunds = answers.flatMap((answer) => (answer === null ? [] : [answer.refundId]));
      expect(new Set(refunds).size).toBeLessThanOrEqual(1);
    }
  }
}

function refusalOnly(error: unknown): null {
  if (error instanceof Refusal) return null;
  throw error;
}

/** Workers that die as told, call by call, and are followed by others. */
async function startCrashingWorkers(
  payments: TestPayments,
  crashes: readonly Crash[],
): Promise<AsyncDisposable> {
  const pending = [...crashes];
  const successors: Promise<unknown>[] = [];

  const start = () =>
    payments.startWorker({
      times: { authorisationDeadlineMs: DEADLINE_MS },
      provider: (worker) => crashing(worker),
    });

  function crashing(worker: TestWorker): PaymentProvider {
    let dead = false;
    function die(): Promise<void> {
      if (dead) return Promise.resolve();
      dead = true;
      const killed = worker.kill();
      successors.push(killed.then(start));
      return killed;
    }
    async function around<Answer>(call: () => Promise<Answer>): Promise<Answer> {
      const crash = dead ? 'none' : (pending.shift() ?? 'none');
      if (crash === 'before the call') await die();
      if (dead) return new Promise<Answer>(() => {});
      const answer = await call();
      if (crash === 'after the call') await die();
      if (crash === 'while recording') setTimeout(() => void die(), Math.random() * 6);
      return answer;
    }
    const { simulator } = payments;
    return {
      authorise: (call, signal) => around(() => simulator.authorise(call, signal)),
      capture: (call, signal) => around(() => simulator.capture(call, signal)),
      void: (call, signal) => around(() => simulator.void(call, signal)),
      refund: (call, signal) => around(() => simulator.refund(call, signal)),
    };
  }

  await Promise.all(Array.from({ length: WORKERS }, start));
  return {
    async [Symbol.asyncDispose]() {
      pending.length = 0;
      // A successor may have died in its turn.
      for (const successor of successors) await successor;
      await payments.stopWorkers();
    },
  };
}

async function compareBooks(payments: TestPayments, payment: PaymentRow): Promise<void> {
  const { sql } = payments.database;
  const movements = await sql<{ kind: string; amount: string; status: string; key: string }[]>`
    select m.kind, m.amount_minor as amount, c.status, authorisation_key as key
    from simulator.charges c join simulator.movements m using (authorisation_key)
    where c.reference = ${payment.orderId} order by m.position`;
  const total = (kind: string) =>
    movements
      .filter((movement) => movement.kind === kind)
      .reduce((sum, { amount }) => sum + BigInt(amount), 0n);
  const latest = authorisationKey(payment.id, payment.attempt);
  const charge = {
    status: movements.find(({ key }) => key === latest)?.status ?? 'NONE',
    held: total('HOLD'),
    captured: total('CAPTURE'),
    released: total('RELEASE'),
    refunded: total('REFUND'),
  };

  // Nobody is charged twice: over everything the provider ever did for this order, no more than the amount is ever held.
  let held = 0n;
  for (const { kind, amount } of movements) {
    if (kind === 'HOLD') held += BigInt(amount);
    if (kind === 'RELEASE') held -= BigInt(amount);
    expect([0n, payment.amountMinor]).toContain(held);
  }
  expect(held - charge.captured).toBe(payment.status === 'AUTHORISED' ? payment.amountMinor : 0n);
  expect([0n, payment.amountMinor]).toContain(charge.captured);
  expect(charge.refunded).toBeLessThanOrEqual(charge.captured);

  // Both books say the same.
  expect({
    captured: payment.capturedMinor,
    refunded: payment.refundedMinor,
    refunding: payment.refundingMinor,
  }).toEqual({
    captured: charge.captured,
    refunded: charge.refunded,
    refunding: 0n,
  });
  const everHeld = movements.some(({ key }) => key === latest);
  expect(charge.status).toBe(EXPECTED_CHARGE[payment.status](everHeld));
  expect(payment.status).not.toBe('PENDING');

  // The ledger alone tells the same amounts: every operation was begun once and ended once.
  const ledger = await sql<{ kind: string; total: string; unended: string }[]>`
    select kind, coalesce(sum(amount_minor) filter (where status = 'SUCCEEDED'), 0) as total,
      count(*) filter (where status = 'PENDING') - count(*) filter (where status <> 'PENDING') as unended
    from payment_transactions where payment_id = ${payment.id} group by kind`;
  const succeeded = (kind: string) => BigInt(ledger.find((entry) => entry.kind === kind)?.total ?? 0);
  expect({ captured: succeeded('CAPTURE'), refunded: succeeded('REFUND') }).toEqual({
    captured: charge.captured,
    refunded: charge.refunded,
  });
  expect(ledger.every(({ unended }) => unended === '0')).toBe(true);
  const refunds = await sql`select 1 from refunds where payment_id = ${payment.id} and status = 'PENDING'`;
  expect(refunds).toHaveLength(0);

  // The order was told of each authorisation once, and the truth.
  const replies = await payments.replies(payment.orderId);
  const told = (...types: string[]) => replies.filter(({ type }) => types.includes(type));
  const authorisations = await sql<{ status: string }[]>`
    select status from payment_transactions where payment_id = ${payment.id} and kind = 'AUTHORISATION' and status <> 'PENDING'`;
  expect(authorisations).toHaveLength(payment.attempt);
  expect(told('payment.authorised', 'payment.declined')).toHaveLength(payment.attempt);
  expect(told('payment.authorised')).toHaveLength(
    authorisations.filter(({ status }) => status === 'SUCCEEDED').length,
  );

  // And of each capture: whoever waits with a parcel hears whether it may leave.
  const captures = await sql`
    select 1 from payment_transactions where payment_id = ${payment.id} and kind = 'CAPTURE' and status <> 'PENDING'`;
  expect(told('payment.captured', 'payment.capture-failed').length).toBeGreaterThanOrEqual(captures.length);
  expect(told('payment.captured').length > 0).toBe(charge.captured > 0n);
  if (payment.status === 'EXPIRED') expect(told('payment.expired').length).toBeGreaterThan(0);
}

/** What the provider has to say of a charge, by what we say of the payment. */
const EXPECTED_CHARGE = {
  PENDING: () => 'nothing: it is not over',
  AUTHORISED: () => 'HELD',
  CAPTURED: () => 'CAPTURED',
  VOIDED: (wasHeld: boolean) => (wasHeld ? 'RELEASED' : 'NONE'),
  DECLINED: (wasHeld: boolean) => (wasHeld ? 'RELEASED' : 'NONE'),
  EXPIRED: () => 'RELEASED',
} as const;
