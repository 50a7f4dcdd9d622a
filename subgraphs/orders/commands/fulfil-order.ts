import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import type { Database } from '#platform/postgres/database.ts';
import { lockOrder } from '../db/order.queries.ts';
import type { Order } from '../domain/order.ts';
import { advanceOrder } from './advance-order.ts';
import { invalidStatus, orderNotFound } from './refusals.ts';

const fulfilOrderInput = z.object({
  orderId: z.string(),
  carrier: z.string().trim().min(1, 'must not be empty').max(100, 'at most 100 characters'),
  trackingNumber: z.string().trim().min(1, 'must not be empty').max(100, 'at most 100 characters'),
});

/**
 * Staff: the parcel has left; the messages of the step capture the payment and take the units off the shelf. The same
 * shipment told again changes nothing and is no error. Refuses with NOT_FOUND and INVALID_STATUS.
 */
export async function fulfilOrder(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ orderId: string }> {
  const staff = requireStaff(actor);
  const { orderId, carrier, trackingNumber } = parseInput(fulfilOrderInput, rawInput);

  return database.db.transaction(async (tx) => {
    const order = await lockOrder(tx, orderId);
    if (order === null) throw orderNotFound(orderId);
    const at = new Date();
    const moved = await advanceOrder(
      tx,
      order,
      { type: 'fulfil', carrier, trackingNumber, at },
      { actorId: staff.userId, at },
    );
    if (!moved && !leftAs(order, carrier, trackingNumber)) throw invalidStatus(order.status, 'fulfilled');
    return { orderId };
  });
}

function leftAs(order: Order, carrier: string, trackingNumber: string): boolean {
  return (
    'shipment' in order &&
    order.shipment.carrier === carrier &&
    order.shipment.trackingNumber === trackingNumber
  );
}
