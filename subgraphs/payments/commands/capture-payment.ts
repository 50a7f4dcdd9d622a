import { appendToOutbox } from '#platform/messaging/outbox.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { lockPaymentOfOrder } from '../db/payment.queries.ts';
import { replyMessage } from '../domain/reply-message.ts';
import { queueOperation } from '../operations/queue-operation.ts';

/**
 * Has what is held taken; asked again, it answers again. Throws for an order without a payment, which makes a dead letter
 * of the message: somebody waits for money that nobody holds, and a person has to look.
 */
export async function capturePayment(tx: Transaction, { orderId }: { orderId: string }): Promise<void> {
  const payment = await lockPaymentOfOrder(tx, orderId);
  if (payment === null) throw new Error(`Capture for order ${orderId}, which has no payment.`);
  if (payment.status === 'CAPTURED')
    return appendToOutbox(tx, [replyMessage(payment, { type: 'payment.captured' })]);
  if (payment.captureFailure !== null) {
    const reply = { type: 'payment.capture-failed', message: payment.captureFailure } as const;
    return appendToOutbox(tx, [replyMessage(payment, reply)]);
  }
  await queueOperation(tx, payment, { kind: 'CAPTURE' });
}
