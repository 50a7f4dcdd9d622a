import { z } from 'zod';
import { type Actor, requireUser } from '#platform/auth/actor.ts';
import { parseKeyedInput } from '#platform/idempotency/once.ts';
import { idempotencyKey as key, optionalLine } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { keys } from '../db/idempotency.queries.ts';
import { advanceOrder } from './advance-order.ts';
import { changeOrder } from './change-order.ts';
import { invalidStatus } from './refusals.ts';

const retryPaymentInput = z.object({
  orderId: z.string(),
  paymentMethod: optionalLine(200),
  idempotencyKey: key,
});

/**
 * Has the amount of a PAYMENT_FAILED order authorised once more, on another payment method where one is given. Refuses with
 * NOT_FOUND, INVALID_STATUS and IDEMPOTENCY_CONFLICT.
 */
export async function retryPayment(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ orderId: string }> {
  const user = requireUser(actor);
  const input = await parseKeyedInput(database.db, keys, user.userId, retryPaymentInput, rawInput);
  const { orderId, idempotencyKey, paymentMethod } = input;
  const request = { action: 'retryPayment', paymentMethod };

  return changeOrder({ database, user, idempotencyKey, orderId, request }, async (tx, order, cause) => {
    const moved = await advanceOrder(tx, order, { type: 'retry-payment', paymentMethod }, cause);
    if (!moved) throw invalidStatus(order.status, 'paid anew');
  });
}
