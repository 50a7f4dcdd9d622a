import { uuidv7 } from 'uuidv7';
import type { Money } from '#platform/money/money.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { insertPayment, isVoidedOrder, lockOrder } from '../db/payment.queries.ts';
import { queueOperation } from '../operations/queue-operation.ts';

export interface AuthorisationRequest {
  readonly orderId: string;
  readonly customerId: string;
  readonly amount: Money;
  readonly paymentMethod: string;
}

/**
 * Opens an order's payment and has its amount held. An order has one payment: asked again, nothing happens. A payment that
 * was let go of before it was asked for is VOIDED from the start, and its order is told that it was declined.
 */
export async function authorisePayment(
  tx: Transaction,
  { orderId, customerId, amount, paymentMethod }: AuthorisationRequest,
): Promise<void> {
  await lockOrder(tx, orderId);
  const payment = await insertPayment(tx, {
    id: uuidv7(),
    orderId,
    customerId,
    amountMinor: amount.minor,
    currencyCode: amount.currencyCode,
    paymentMethod,
    status: (await isVoidedOrder(tx, orderId)) ? 'VOIDED' : 'PENDING',
  });
  if (payment !== null) await queueOperation(tx, payment, { kind: 'AUTHORISE' });
}
