import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import { once, parseKeyedInput } from '#platform/idempotency/once.ts';
import { formerMinor } from '#platform/idempotency/request-hash.ts';
import { moneyInput } from '#platform/input/money.ts';
import { idempotencyKey as key, optionalProse } from '#platform/input/text.ts';
import { type Money, toDecimal } from '#platform/money/money.ts';
import type { Database, Transaction } from '#platform/postgres/database.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import { keys } from '../db/idempotency.queries.ts';
import { lockPayment, reserveRefund } from '../db/payment.queries.ts';
import { insertRefund } from '../db/refund.queries.ts';
import type { PaymentRow } from '../db/tables.ts';
import { decideRefund, shownStatus } from '../domain/payment.ts';
import { queueOperation } from '../operations/queue-operation.ts';

const refundPaymentInput = z.object({
  idempotencyKey: key,
  paymentId: z.string(),
  amount: moneyInput({ least: 1n })
    .nullish()
    .transform((amount) => amount ?? null),
  reason: optionalProse(500),
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
  const input = await parseKeyedInput(database.db, keys, staff.userId, refundPaymentInput, rawInput);
  const { idempotencyKey, amount, reason } = input;
  const paymentId = input.paymentId.toLowerCase();
  const amountBefore = [amount === null ? null : formerMinor(amount), amount?.currencyCode ?? null];

  return database.db.transaction(async (tx) => {
    const id = uuidv7();
    const claim = {
      actorId: staff.userId,
      idempotencyKey,
      request: { action: 'refundPayment', paymentId, amount, reason },
      formerRequests: [[paymentId, ...amountBefore, reason]],
      resultId: id,
    };
    const refundId = await once(tx, keys, claim, async () => {
      const payment = isUuid(paymentId) ? await lockPayment(tx, paymentId) : null;
      if (payment === null) throw notFound(input.paymentId);
      const amountMinor = decideAmount(payment, amount);
      await acceptRefund(tx, payment, { id, amountMinor, reason, requestedBy: staff.userId });
    });
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
