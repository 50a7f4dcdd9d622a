import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseKeyedInput } from '#platform/idempotency/once.ts';
import { optionalIdempotencyKey } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { keys } from '../db/idempotency.queries.ts';
import { advanceOrder } from './advance-order.ts';
import { changeOrder } from './change-order.ts';
import { invalidStatus } from './refusals.ts';

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
  const input = await parseKeyedInput(database.db, keys, staff.userId, deliverOrderInput, rawInput);
  const { orderId, idempotencyKey } = input;
  const request = { action: 'deliverOrder' };

  return changeOrder(
    { database, user: staff, idempotencyKey, orderId, request },
    async (tx, order, cause) => {
      const moved = await advanceOrder(tx, order, { type: 'deliver', at: cause.at }, cause);
      if (!moved && order.status !== 'DELIVERED') throw invalidStatus(order.status, 'delivered');
    },
  );
}
