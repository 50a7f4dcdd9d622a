import { z } from 'zod';
import { type Actor, mayReadOf, requireUser } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import { idempotencyKey as key, optionalLine } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { lockOrder } from '../db/order.queries.ts';
import { advanceOrder } from './advance-order.ts';
import { once } from './once.ts';
import { invalidStatus, orderNotFound } from './refusals.ts';

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
  const { orderId, idempotencyKey, paymentMethod } = parseInput(retryPaymentInput, rawInput);

  return database.db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === null || !mayReadOf(user, order.customerId)) throw orderNotFound(orderId);
    const request = { action: 'retryPayment', orderId: order.id, paymentMethod };
    await once(tx, { actorId: user.userId, idempotencyKey, request, orderId: order.id }, async () => {
      const cause = { actorId: user.userId, at: new Date() };
      const moved = await advanceOrder(tx, order, { type: 'retry-payment', paymentMethod }, cause);
      if (!moved) throw invalidStatus(order.status, 'paid anew');
    });
    return { orderId };
  });
}
