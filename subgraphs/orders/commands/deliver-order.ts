import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import type { Database } from '#platform/postgres/database.ts';
import { lockOrder } from '../db/order.queries.ts';
import { advanceOrder } from './advance-order.ts';
import { invalidStatus, orderNotFound } from './refusals.ts';

const deliverOrderInput = z.object({ orderId: z.string() });

/** Staff: the parcel has arrived. Told again it changes nothing and is no error. Refuses with NOT_FOUND and INVALID_STATUS. */
export async function deliverOrder(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ orderId: string }> {
  const staff = requireStaff(actor);
  const { orderId } = parseInput(deliverOrderInput, rawInput);

  return database.db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === null) throw orderNotFound(orderId);
    const at = new Date();
    const moved = await advanceOrder(tx, order, { type: 'deliver', at }, { actorId: staff.userId, at });
    if (!moved && order.status !== 'DELIVERED') throw invalidStatus(order.status, 'delivered');
    return { orderId };
  });
}
