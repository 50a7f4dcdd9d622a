/**
 * What payments hears from orders and says to them. A handler only writes down what is to be done, in its one transaction;
 * the provider is asked afterwards: see operations/.
 */
import type { MessageHandlers } from '#schema/messages.ts';
import { fromMessage } from '#platform/money/money.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { authorisePayment } from './commands/authorise-payment.ts';
import { capturePayment } from './commands/capture-payment.ts';
import { reauthorisePayment } from './commands/reauthorise-payment.ts';
import { voidPayment } from './commands/void-payment.ts';

export const messageHandlers: MessageHandlers<Transaction> = {
  'payments.authorise': ({ payload }, tx) =>
    authorisePayment(tx, { ...payload, amount: fromMessage(payload.amount) }),
  'payments.reauthorise': ({ payload }, tx) => reauthorisePayment(tx, payload),
  'payments.capture': ({ payload }, tx) => capturePayment(tx, payload),
  'payments.void': ({ payload }, tx) => voidPayment(tx, payload),
};
