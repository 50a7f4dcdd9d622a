import { and, count, desc, eq, gte, inArray, lt, type SQL } from 'drizzle-orm';
import type { Queryable } from '#platform/postgres/database.ts';
import type { OrderStatus } from '../domain/order.ts';
import { type OrderRow, orders } from './tables.ts';

/** What narrows a list of orders down. */
export interface OrderCriteria {
  readonly customerId?: string | undefined;
  readonly statuses?: readonly OrderStatus[] | undefined;
  /** That moment included. */
  readonly createdAfter?: Date | undefined;
  /** That moment not included. */
  readonly createdBefore?: Date | undefined;
}

/** Newest first, `limit` at most, older than the order `before`. */
export async function listOrders(
  db: Queryable,
  criteria: OrderCriteria,
  { before, limit }: { before: string | null; limit: number },
): Promise<OrderRow[]> {
  const older = before === null ? [] : [lt(orders.id, before)];
  return db
    .select()
    .from(orders)
    .where(and(...conditions(criteria), ...older))
    .orderBy(desc(orders.id))
    .limit(limit);
}

export async function countOrders(db: Queryable, criteria: OrderCriteria): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(orders)
    .where(and(...conditions(criteria)));
  return row?.total ?? 0;
}

function conditions({ customerId, statuses, createdAfter, createdBefore }: OrderCriteria): SQL[] {
  return [
    ...(customerId === undefined ? [] : [eq(orders.customerId, customerId)]),
    ...(statuses === undefined ? [] : [inArray(orders.status, [...new Set(statuses)])]),
    ...(createdAfter === undefined ? [] : [gte(orders.createdAt, createdAfter)]),
    ...(createdBefore === undefined ? [] : [lt(orders.createdAt, createdBefore)]),
  ];
}
