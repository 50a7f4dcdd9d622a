import { z } from 'zod';
import { type Actor, mayReadOf, requireUser } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import { optionalIdempotencyKey } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { lockOrder } from '../db/order.queries.ts';
import { advanceOrder } from './advance-order.ts';
import { once } from './once.ts';
import { invalidStatus, orderNotFound } from './refusals.ts';

const cancelOrderInput = z.object({ orderId: z.string(), idempotencyKey: optionalIdempotencyKey });

/**
 * Ends an order that has not left yet; the messages of the step release its stock and void its payment. Cancelling a
 * cancelled order changes nothing and is no error. Refuses with NOT_FOUND, INVALID_STATUS and IDEMPOTENCY_CONFLICT.
 */
export async function cancelOrder(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ orderId: string }> {
  const user = requireUser(actor);
  const { orderId, idempotencyKey } = parseInput(cancelOrderInput, rawInput);

  return database.db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === null || !mayReadOf(user, order.customerId)) throw orderNotFound(orderId);
    const request = { action: 'cancelOrder', orderId: order.id };
    await once(tx, { actorId: user.userId, idempotencyKey, request, orderId: order.id }, async () => {
      const by = order.customerId === user.userId ? 'CUSTOMER' : 'STAFF';
      const cause = { actorId: user.userId, at: new Date() };
      const moved = await advanceOrder(tx, order, { type: 'cancel', by }, cause);
      if (!moved && order.status !== 'CANCELLED') throw invalidStatus(order.status, 'cancelled');
    });
    return { orderId };
  });
}
