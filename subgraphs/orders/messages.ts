/**
 * What orders hears from inventory and payments. Each reply is one step of the order it is about; one that comes late,
 * for an order that has moved on, changes nothing. What orders says goes out with the steps: see domain/order.ts.
 */
import type { MessageHandlers } from '#schema/messages.ts';
import { fromMessage } from '#platform/money/money.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { advanceOrder } from './commands/advance-order.ts';
import { lockOrder } from './db/order.queries.ts';
import type { OrderEvent } from './domain/order.ts';

export const messageHandlers: MessageHandlers<Transaction> = {
  'stock.reserved': ({ payload }, tx) =>
    step(tx, payload.orderId, {
      type: 'stock-reserved',
      lines: payload.lines.map((line) => ({ ...line, unitPrice: fromMessage(line.unitPrice) })),
    }),
  'stock.refused': ({ payload }, tx) =>
    step(tx, payload.orderId, { type: 'stock-refused', refusals: payload.refusals }),
  'payment.authorised': ({ payload }, tx) => step(tx, payload.orderId, { type: 'payment-authorised' }),
  'payment.declined': ({ payload }, tx) =>
    step(tx, payload.orderId, { type: 'payment-declined', code: payload.code, message: payload.message }),
  'payment.captured': ({ payload }, tx) =>
    step(tx, payload.orderId, { type: 'payment-captured', at: new Date() }),
  'payment.capture-failed': ({ payload }, tx) =>
    step(tx, payload.orderId, { type: 'capture-failed', message: payload.message }),
  'payment.expired': ({ payload }, tx) => step(tx, payload.orderId, { type: 'payment-expired' }),
};

async function step(tx: Transaction, orderId: string, event: OrderEvent): Promise<void> {
  const order = await lockOrder(tx, orderId);
  if (order === null) throw new Error(`A reply about order ${orderId}, which does not exist.`);
  await advanceOrder(tx, order, event, { actorId: null, at: new Date() });
}
