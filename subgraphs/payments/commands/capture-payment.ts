import type { Transaction } from '#platform/postgres/database.ts';
import { lockPaymentOfOrder } from '../db/payment.queries.ts';
import { queueOperation } from '../operations/queue-operation.ts';

/**
 * Has what is held taken. Throws for an order without a payment, which makes a dead letter of the message: a parcel has
 * left that nobody pays for, and a person has to look.
 */
export async function capturePayment(tx: Transaction, { orderId }: { orderId: string }): Promise<void> {
  const payment = await lockPaymentOfOrder(tx, orderId);
  if (payment === null) throw new Error(`Capture for order ${orderId}, which has no payment.`);
  await queueOperation(tx, payment, { kind: 'CAPTURE' });
}
