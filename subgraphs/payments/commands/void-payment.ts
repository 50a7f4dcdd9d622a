import type { Transaction } from '#platform/postgres/database.ts';
import { hurryAuthorisation } from '../db/operation.queries.ts';
import { lockOrder, lockPaymentOfOrder, rememberVoidedOrder } from '../db/payment.queries.ts';
import { queueOperation } from '../operations/queue-operation.ts';

/**
 * Has what is held let go of, once an authorisation that is under way has been answered. Where none has been asked for yet,
 * it is remembered that none is to be made. A void never gives back what has been captured: it goes into the ledger as
 * FAILED, and paying back is up to `refundPayment`.
 */
export async function voidPayment(tx: Transaction, { orderId }: { orderId: string }): Promise<void> {
  await lockOrder(tx, orderId);
  const payment = await lockPaymentOfOrder(tx, orderId);
  if (payment === null) return rememberVoidedOrder(tx, orderId);
  // Nothing is held, or a void has been queued for what may be.
  if (payment.status === 'DECLINED' || payment.status === 'EXPIRED' || payment.status === 'VOIDED') return;
  await queueOperation(tx, payment, { kind: 'VOID' });
  // An unwanted authorisation is not asked for again: its next unanswered attempt is its last.
  await hurryAuthorisation(tx, payment.id);
}
