import { z } from 'zod';
import { type Actor, requireUser } from '#platform/auth/actor.ts';
import { parseKeyedInput } from '#platform/idempotency/once.ts';
import { optionalIdempotencyKey } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { keys } from '../db/idempotency.queries.ts';
import { advanceOrder } from './advance-order.ts';
import { changeOrder } from './change-order.ts';
import { invalidStatus } from './refusals.ts';

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
  const input = await parseKeyedInput(database.db, keys, user.userId, cancelOrderInput, rawInput);
  const { orderId, idempotencyKey } = input;
  const request = { action: 'cancelOrder' };

  return changeOrder({ database, user, idempotencyKey, orderId, request }, async (tx, order, cause) => {
    const by = order.customerId === user.userId ? 'CUSTOMER' : 'STAFF';
    const moved = await advanceOrder(tx, order, { type: 'cancel', by }, cause);
    if (!moved && order.status !== 'CANCELLED') throw invalidStatus(order.status, 'cancelled');
  });
}
