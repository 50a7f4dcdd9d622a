import { mayReadOf, type UserActor } from '#platform/auth/actor.ts';
import { once } from '#platform/idempotency/once.ts';
import type { Database, Transaction } from '#platform/postgres/database.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import { keys } from '../db/idempotency.queries.ts';
import { lockOrder } from '../db/order.queries.ts';
import type { Order } from '../domain/order.ts';
import type { Cause } from './advance-order.ts';
import { orderNotFound } from './refusals.ts';

export interface OrderChange {
  readonly database: Database;
  readonly user: UserActor;
  readonly idempotencyKey: string | null;
  readonly orderId: string;
  /** What the key stands for, besides the order. */
  readonly request: { readonly action: string };
}

/**
 * What somebody has happen to one order: locks it and lets `change` have it, once where there is a key. Refuses with
 * IDEMPOTENCY_CONFLICT, and with NOT_FOUND where the order is unknown or not the user's to see.
 */
export async function changeOrder(
  { database, user, idempotencyKey, orderId, request }: OrderChange,
  change: (tx: Transaction, order: Order, cause: Cause) => Promise<void>,
): Promise<{ orderId: string }> {
  const id = orderId.toLowerCase();
  const { action, ...more } = request;
  const claim = {
    actorId: user.userId,
    idempotencyKey,
    request: { action, orderId: id, ...more },
    resultId: isUuid(id) ? id : null,
  };
  return database.db.transaction(async (tx) => {
    await once(tx, keys, claim, async () => {
      const order = await lockOrder(tx, id);
      if (order === null || !mayReadOf(user, order.customerId)) throw orderNotFound(orderId);
      await change(tx, order, { actorId: user.userId, at: new Date() });
    });
    return { orderId: id };
  });
}
