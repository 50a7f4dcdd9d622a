import type { NewMessage } from '#schema/messages.ts';
import type { Reply } from './payment.ts';

/** The reply about a payment, in the shape that travels. */
export function replyMessage(
  { id: paymentId, orderId }: { id: string; orderId: string },
  reply: Reply,
): NewMessage {
  const key = orderId;
  const about = { orderId, paymentId };
  switch (reply.type) {
    case 'payment.authorised':
      return { type: 'payment.authorised', key, payload: about };
    case 'payment.declined':
      return {
        type: 'payment.declined',
        key,
        payload: { ...about, code: reply.code, message: reply.message },
      };
    case 'payment.captured':
      return { type: 'payment.captured', key, payload: about };
    case 'payment.capture-failed':
      return { type: 'payment.capture-failed', key, payload: { ...about, message: reply.message } };
    case 'payment.expired':
      return { type: 'payment.expired', key, payload: about };
  }
}
