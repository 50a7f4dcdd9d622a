import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import { Refusal } from '#platform/errors/refusal.ts';
import { fromDecimal, type Money, toDecimal } from '#platform/money/money.ts';
import type { Database, Transaction } from '#platform/postgres/database.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import { lockPayment, reserveRefund } from '../db/payment.queries.ts';
import { claimIdempotencyKey, insertRefund } from '../db/refund.queries.ts';
import type { PaymentRow } from '../db/tables.ts';
import { decideRefund, shownStatus } from '../domain/payment.ts';
import { queueOperation } from '../operations/queue-operation.ts';

const text = (atMost: number) =>
  z.string().trim().min(1, 'must not be empty').max(atMost, `at most ${atMost} characters`);

const refundPaymentInput = z.object({
  idempotencyKey: text(200),
  paymentId: z.string(),
  amount: z
    .object({ amount: z.string(), currencyCode: z.string() })
    .nullish()
    .transform((given, context): Money | null => {
      if (given == null) return null;
      const money = fromDecimal(given);
      if (money !== null && money.minor > 0n) return money;
      context.addIssue({
        code: 'custom',
        path: ['amount'],
        message: `${given.amount} is no amount of ${given.currencyCode} that can be paid back.`,
      });
      return z.NEVER;
    }),
  reason: z
    .string()
    .trim()
    .max(500, 'at most 500 characters')
    .nullish()
    .transform((value) => value || null),
});

/**
 * Staff: accepts a refund as PENDING, sets its amount aside and has the provider asked. Should the provider refuse, the
 * amount can be refunded again. Refuses with INVALID_INPUT, IDEMPOTENCY_CONFLICT, NOT_FOUND, INVALID_STATUS and
 * AMOUNT_TOO_LARGE. Returns the ids of the refund, the one this made or the one that the same key made, and its payment.
 */
export async function refundPayment(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ paymentId: string; refundId: string }> {
  const staff = requireStaff(actor);
  const { idempotencyKey, paymentId, amount, reason } = parseInput(refundPaymentInput, rawInput);
  if (!isUuid(paymentId)) throw notFound(paymentId);

  return database.db.transaction(async (tx) => {
    const refundId = uuidv7();
    const requestHash = hashOf([
      paymentId.toLowerCase(),
      amount?.minor.toString() ?? null,
      amount?.currencyCode ?? null,
      reason,
    ]);
    const earlier = await claimIdempotencyKey(tx, {
      actorId: staff.userId,
      key: idempotencyKey,
      requestHash,
      refundId,
    });
    if (earlier !== null) {
      if (earlier.requestHash === requestHash) return { paymentId, refundId: earlier.refundId };
      throw new Refusal(
        'IDEMPOTENCY_CONFLICT',
        'This key was used for a different refund. Use a new key for a new refund.',
        ['input', 'idempotencyKey'],
      );
    }
    const payment = await lockPayment(tx, paymentId);
    if (payment === null) throw notFound(paymentId);
    const amountMinor = decideAmount(payment, amount);
    await acceptRefund(tx, payment, { id: refundId, amountMinor, reason, requestedBy: staff.userId });
    return { paymentId, refundId };
  });
}

async function acceptRefund(
  tx: Transaction,
  payment: PaymentRow,
  refund: { id: string; amountMinor: bigint; reason: string | null; requestedBy: string },
): Promise<void> {
  if (!(await reserveRefund(tx, payment.id, refund.amountMinor))) throw tooLarge(payment);
  await insertRefund(tx, { ...refund, paymentId: payment.id, currencyCode: payment.currencyCode });
  await queueOperation(tx, payment, { kind: 'REFUND', refund });
}

function decideAmount(payment: PaymentRow, requested: Money | null): bigint {
  if (requested !== null && requested.currencyCode !== payment.currencyCode) {
    throw new Refusal('INVALID_INPUT', `This payment is in ${payment.currencyCode}.`, [
      'input',
      'amount',
      'currencyCode',
    ]);
  }
  const decision = decideRefund(payment, requested?.minor ?? null);
  if (decision.kind === 'accepted') return decision.amountMinor;
  if (decision.code === 'AMOUNT_TOO_LARGE') throw tooLarge(payment);
  throw new Refusal('INVALID_STATUS', `A payment that is ${shownStatus(payment)} cannot be refunded.`, [
    'input',
    'paymentId',
  ]);
}

function notFound(paymentId: string): Refusal {
  return new Refusal('NOT_FOUND', `There is no payment ${paymentId}.`, ['input', 'paymentId']);
}

function tooLarge({ capturedMinor, refundedMinor, refundingMinor, currencyCode }: PaymentRow): Refusal {
  const left = toDecimal({ minor: capturedMinor - refundedMinor - refundingMinor, currencyCode });
  return new Refusal(
    'AMOUNT_TOO_LARGE',
    `Of this payment ${left.amount} ${left.currencyCode} can still be refunded.`,
    ['input', 'amount'],
  );
}

function hashOf(request: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}
