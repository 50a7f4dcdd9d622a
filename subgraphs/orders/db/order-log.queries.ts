/**
 * The log of all changes: appended to in the transaction of the change, read by whoever streams.
 *
 * One order's changes are read by version. All orders' changes are read by position, and a position is given only after
 * the commit, by the reader, one reader at a time: so a position, once seen, never gets a lower neighbour.
 */
import { and, asc, desc, eq, gt, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Database, Queryable, Transaction } from '#platform/postgres/database.ts';
import { type OrderEventRow, orderEvents } from './tables.ts';

/** Notified with an order's id when that order has moved. */
export const ORDER_MOVED_CHANNEL = 'order_moved';

const NUMBERING_LOCK = 5_104_001;

export async function appendOrderEvent(
  tx: Transaction,
  event: Omit<OrderEventRow, 'sequence' | 'position'>,
): Promise<void> {
  await tx.insert(orderEvents).values(event);
  await tx.execute(sql`select pg_notify(${ORDER_MOVED_CHANNEL}, ${event.orderId})`);
}

export async function findOrderEvents(db: Queryable, orderIds: readonly string[]): Promise<OrderEventRow[]> {
  return db
    .select()
    .from(orderEvents)
    .where(inArray(orderEvents.orderId, [...orderIds]))
    .orderBy(asc(orderEvents.orderId), asc(orderEvents.version));
}

/** One order's changes after a version, oldest first. */
export async function readOrderAfter(
  db: Queryable,
  orderId: string,
  version: number,
): Promise<OrderEventRow[]> {
  return db
    .select()
    .from(orderEvents)
    .where(and(eq(orderEvents.orderId, orderId), gt(orderEvents.version, version)))
    .orderBy(asc(orderEvents.version));
}

/** All orders' changes after a position, oldest first. */
export async function readAllAfter(
  db: Database['db'],
  position: number,
  limit: number,
): Promise<OrderEventRow[]> {
  await numberNewEvents(db);
  return db
    .select()
    .from(orderEvents)
    .where(gt(orderEvents.position, position))
    .orderBy(asc(orderEvents.position))
    .limit(limit);
}

/** The position of the latest change of any order; 0 before the first. */
export async function lastPosition(db: Database['db']): Promise<number> {
  await numberNewEvents(db);
  const [last] = await db
    .select({ position: orderEvents.position })
    .from(orderEvents)
    .where(isNotNull(orderEvents.position))
    .orderBy(desc(orderEvents.position))
    .limit(1);
  return last?.position ?? 0;
}

/**
 * Gives positions to the changes committed since, in the order they were appended. They are counted, under the lock, and
 * not taken from a sequence: what is taken from one stays taken where the transaction is not committed.
 */
async function numberNewEvents(db: Database['db']): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${NUMBERING_LOCK})`);
    await tx.execute(sql`
      update order_events set position = numbered.position
      from (select sequence, last.position + row_number() over (order by sequence) as position
            from order_events, (select coalesce(max(position), 0) as position from order_events) as last
            where order_events.position is null) as numbered
      where order_events.sequence = numbered.sequence and order_events.position is null`);
  });
}
