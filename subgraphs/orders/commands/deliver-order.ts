import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import { optionalIdempotencyKey } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { lockOrder } from '../db/order.queries.ts';
import { advanceOrder } from './advance-order.ts';
import { once } from './once.ts';
import { invalidStatus, orderNotFound } from './refusals.ts';

const deliverOrderInput = z.object({ orderId: z.string(), idempotencyKey: optionalIdempotencyKey });

/**
 * Staff: the parcel has arrived. Told again it changes nothing and is no error. Refuses with NOT_FOUND, INVALID_STATUS and
 * IDEMPOTENCY_CONFLICT.
 */
export async function deliverOrder(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ orderId: string }> {
  const staff = requireStaff(actor);
  const { orderId, idempotencyKey } = parseInput(deliverOrderInput, rawInput);

  return database.db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === null) throw orderNotFound(orderId);
    const request = { action: 'deliverOrder', orderId: order.id };
    await once(tx, { actorId: staff.userId, idempotencyKey, request, orderId: order.id }, async () => {
      const at = new Date();
      const moved = await advanceOrder(tx, order, { type: 'deliver', at }, { actorId: staff.userId, at });
      if (!moved && order.status !== 'DELIVERED') throw invalidStatus(order.status, 'delivered');
    });
    return { orderId };
  });
}
