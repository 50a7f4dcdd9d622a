/**
 * What payments hears from orders and says to them. A handler only writes down what is to be done, in its one transaction;
 * the provider is asked afterwards: see operations/.
 */
import type { MessageHandlers, NewMessage } from '#platform/events/messages.ts';
import { fromMessage } from '#platform/money/money.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { authorisePayment } from './commands/authorise-payment.ts';
import { capturePayment } from './commands/capture-payment.ts';
import { voidPayment } from './commands/void-payment.ts';
import type { Reply } from './domain/payment.ts';

export const messageHandlers: MessageHandlers<Transaction> = {
  'payments.authorise': ({ payload }, tx) =>
    authorisePayment(tx, { ...payload, amount: fromMessage(payload.amount) }),
  'payments.capture': ({ payload }, tx) => capturePayment(tx, payload),
  'payments.void': ({ payload }, tx) => voidPayment(tx, payload),
};

/** The reply about a payment, in the shape that travels. */
export function replyMessage(
  { id: paymentId, orderId }: { id: string; orderId: string },
  reply: Reply,
): NewMessage {
  switch (reply.type) {
    case 'payment.authorised':
      return { type: 'payment.authorised', key: orderId, payload: { orderId, paymentId } };
    case 'payment.declined':
      return {
        type: 'payment.declined',
        key: orderId,
        payload: { orderId, paymentId, code: reply.code, message: reply.message },
      };
  }
}
