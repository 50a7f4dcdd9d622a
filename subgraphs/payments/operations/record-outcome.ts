import { appendToOutbox } from '#platform/messaging/outbox.ts';
import type { Database } from '#platform/postgres/database.ts';
import { appendTransaction } from '../db/ledger.queries.ts';
import {
  closeOperation,
  type LeasedOperation,
  lockOperation,
  postponeOperation,
} from '../db/operation.queries.ts';
import { applyChange, lockPayment } from '../db/payment.queries.ts';
import { closeRefund } from '../db/refund.queries.ts';
import { type Outcome, settle, statusFor, TRANSACTION_KIND } from '../domain/payment.ts';
import { backoffMs } from '../domain/retry.ts';
import { replyMessage } from '../domain/reply-message.ts';
import { queueOperation } from './queue-operation.ts';

export type Recorded =
  | { readonly kind: 'settled'; readonly status: 'SUCCEEDED' | 'FAILED'; readonly detail: string | null }
  | { readonly kind: 'postponed'; readonly pauseMs: number }
  /** Another worker took the operation over while this one waited for the provider. */
  | { readonly kind: 'taken-over' };

/**
 * Writes down what came of an operation: the payment, the ledger, the refund, the reply to orders and what has to be asked
 * next, all in one transaction. Before it nothing is known here of the provider's answer; repeated, it changes nothing.
 */
export async function recordOutcome(
  { db }: Database,
  { operation, payment: { id: paymentId } }: LeasedOperation,
  workerId: string,
  outcome: Outcome,
): Promise<Recorded> {
  return db.transaction(async (tx): Promise<Recorded> => {
    const payment = await lockPayment(tx, paymentId);
    if (payment === null) throw new Error(`Payment ${paymentId} does not exist.`);
    const { isOpen, leasedBy, isPastDeadline, isUnwanted } = await lockOperation(tx, operation.id);
    // An answer counts whoever got it. Not having got one counts only for the worker whose turn it still is.
    if (!isOpen || (outcome.kind === 'unavailable' && leasedBy !== workerId)) return { kind: 'taken-over' };

    const standing = statusFor(operation, payment);
    const settlement = settle(operation.kind, standing, outcome, isPastDeadline || isUnwanted);
    if (settlement === null) {
      const pauseMs = backoffMs(operation.kind, operation.attempts, Math.random());
      await postponeOperation(tx, operation.id, pauseMs);
      return { kind: 'postponed', pauseMs };
    }

    const { status, detail, change, reply, thenVoid } = settlement;
    await closeOperation(tx, operation.id, status);
    if (change !== null) await applyChange(tx, payment.id, change, operation.amountMinor);
    if (operation.refundId !== null) await closeRefund(tx, operation.refundId, status);
    await appendTransaction(tx, {
      paymentId: payment.id,
      operationId: operation.id,
      kind: TRANSACTION_KIND[operation.kind],
      amountMinor: operation.amountMinor,
      currencyCode: payment.currencyCode,
      status,
      detail,
    });
    if (reply !== null) await appendToOutbox(tx, [replyMessage(payment, reply)]);
    if (thenVoid) await queueOperation(tx, payment, { kind: 'VOID' });
    return { kind: 'settled', status, detail };
  });
}
