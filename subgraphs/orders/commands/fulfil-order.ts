import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseKeyedInput } from '#platform/idempotency/once.ts';
import { optionalIdempotencyKey, requiredLine } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { keys } from '../db/idempotency.queries.ts';
import type { Order, Parcel } from '../domain/order.ts';
import { advanceOrder } from './advance-order.ts';
import { changeOrder } from './change-order.ts';
import { invalidStatus } from './refusals.ts';

const fulfilOrderInput = z.object({
  orderId: z.string(),
  carrier: requiredLine(100),
  trackingNumber: requiredLine(100),
  idempotencyKey: optionalIdempotencyKey,
});

/**
 * Staff: the parcel is ready to leave; the message of the step has its payment captured, and what is answered lets it go.
 * The same parcel told again changes nothing and is no error. Refuses with NOT_FOUND, INVALID_STATUS and
 * IDEMPOTENCY_CONFLICT.
 */
export async function fulfilOrder(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ orderId: string }> {
  const staff = requireStaff(actor);
  const input = await parseKeyedInput(database.db, keys, staff.userId, fulfilOrderInput, rawInput);
  const { orderId, idempotencyKey, ...parcel } = input;
  const request = { action: 'fulfilOrder', ...parcel };

  return changeOrder(
    { database, user: staff, idempotencyKey, orderId, request },
    async (tx, order, cause) => {
      const moved = await advanceOrder(tx, order, { type: 'fulfil', ...parcel }, cause);
      if (!moved && !leavesAs(order, parcel)) throw invalidStatus(order.status, 'fulfilled');
    },
  );
}

function leavesAs(order: Order, { carrier, trackingNumber }: Parcel): boolean {
  const parcel = 'parcel' in order ? order.parcel : 'shipment' in order ? order.shipment : null;
  return parcel?.carrier === carrier && parcel.trackingNumber === trackingNumber;
}
