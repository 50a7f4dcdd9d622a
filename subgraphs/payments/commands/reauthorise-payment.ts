import type { Payload } from '#schema/messages.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { lockPaymentOfOrder, reopenPayment } from '../db/payment.queries.ts';
import { mayBeAuthorisedAgain } from '../domain/payment.ts';
import { queueOperation } from '../operations/queue-operation.ts';

/**
 * Lets go of what may still be held and has the amount held once more, on another payment method where one is named. An
 * attempt that has been made already, or that is not needed any more, does nothing. Throws for an order without a payment.
 */
export async function reauthorisePayment(
  tx: Transaction,
  { orderId, attempt, paymentMethod }: Payload<'payments.reauthorise'>,
): Promise<void> {
  const payment = await lockPaymentOfOrder(tx, orderId);
  if (payment === null) throw new Error(`Authorisation for order ${orderId}, which has no payment.`);
  if (attempt <= payment.attempt || !mayBeAuthorisedAgain(payment)) return;
  // Declined: nothing is held, or a void has been queued for what may be.
  if (payment.status !== 'DECLINED') await queueOperation(tx, payment, { kind: 'VOID' });
  const again = { attempt, paymentMethod: paymentMethod ?? payment.paymentMethod };
  await reopenPayment(tx, payment, again);
  await queueOperation(tx, { ...payment, ...again }, { kind: 'AUTHORISE' });
}
