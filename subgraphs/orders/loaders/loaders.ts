import DataLoader from 'dataloader';
import { type Actor, mayReadOf } from '#platform/auth/actor.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import { findOrderLines, findOrders } from '../db/order.queries.ts';
import { countOrders, type OrderCriteria } from '../db/order-list.queries.ts';
import { findOrderEvents } from '../db/order-log.queries.ts';

/** Batches the reads of one request, and is where an actor gets to see their own orders only. */
export function createLoaders(db: Queryable, actor: Actor) {
  return {
    /** Null for an order that is unknown or somebody else's. */
    order: new DataLoader(async (ids: readonly string[]) => {
      const found = new Map((await findOrders(db, ids.filter(isUuid))).map((order) => [order.id, order]));
      return ids.map((id) => {
        const order = found.get(id.toLowerCase());
        return order !== undefined && mayReadOf(actor, order.customerId) ? order : null;
      });
    }),
    lines: new DataLoader(async (orderIds: readonly string[]) =>
      grouped(orderIds, await findOrderLines(db, orderIds)),
    ),
    events: new DataLoader(async (orderIds: readonly string[]) =>
      grouped(orderIds, await findOrderEvents(db, orderIds)),
    ),
    orderCount: new DataLoader(
      (criteria: readonly OrderCriteria[]) => Promise.all(criteria.map((each) => countOrders(db, each))),
      { cache: false },
    ),
  };
}

export type Loaders = ReturnType<typeof createLoaders>;

function grouped<Row extends { orderId: string }>(
  orderIds: readonly string[],
  rows: readonly Row[],
): Row[][] {
  const byOrder = Map.groupBy(rows, (row) => row.orderId);
  return orderIds.map((id) => byOrder.get(id) ?? []);
}
