import { and, asc, eq, inArray, lte } from 'drizzle-orm';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Order, OrderStatus, Placement } from '../domain/order.ts';
import { appendOrderEvent } from './order-log.queries.ts';
import { toColumns, toOrder } from './order-row.ts';
import {
  orderEvents,
  type OrderLineRow,
  type OrderRow,
  orderLines,
  orders,
  type ShippingAddress,
} from './tables.ts';

export async function findOrders(db: Queryable, ids: readonly string[]): Promise<OrderRow[]> {
  return db
    .select()
    .from(orders)
    .where(inArray(orders.id, [...ids]));
}

export async function findOrderLines(db: Queryable, orderIds: readonly string[]): Promise<OrderLineRow[]> {
  return db
    .select()
    .from(orderLines)
    .where(inArray(orderLines.orderId, [...orderIds]))
    .orderBy(asc(orderLines.orderId), asc(orderLines.line));
}

/** The order as it stands, its row locked until the transaction ends; null where there is none. */
export async function lockOrder(tx: Transaction, id: string): Promise<Order | null> {
  if (!isUuid(id)) return null;
  const [row] = await tx.select().from(orders).where(eq(orders.id, id)).for('update');
  return row === undefined ? null : toOrder(row, await findOrderLines(tx, [id]));
}

export interface NewOrder extends Placement {
  readonly shippingAddress: ShippingAddress;
  readonly createdAt: Date;
}

/** Stores a PENDING order with its first event. */
export async function insertOrder(tx: Transaction, order: NewOrder): Promise<OrderRow> {
  const { id, customerId, lines, paymentMethod, expectedTotal, shippingAddress, createdAt } = order;
  const [row] = await tx
    .insert(orders)
    .values({
      id,
      customerId,
      status: 'PENDING',
      version: 1,
      paymentMethod,
      expectedTotalMinor: expectedTotal?.minor ?? null,
      expectedCurrencyCode: expectedTotal?.currencyCode ?? null,
      shippingAddress,
      createdAt,
    })
    .returning();
  await tx.insert(orderLines).values(
    lines.map(({ sku, quantity, expectedPrice }, line) => ({
      orderId: id,
      line,
      sku,
      quantity,
      expectedPriceMinor: expectedPrice?.minor ?? null,
      expectedCurrencyCode: expectedPrice?.currencyCode ?? null,
    })),
  );
  await appendOrderEvent(tx, {
    orderId: id,
    version: 1,
    status: 'PENDING',
    reason: null,
    reasonDetail: null,
    actorId: customerId,
    occurredAt: createdAt,
  });
  return row as OrderRow;
}

/**
 * Stores an order that moved, with the event that tells so.
 * @param before the order as {@link lockOrder} gave it; throws if the row has moved since, which its lock rules out.
 */
export async function saveStep(
  tx: Transaction,
  before: Order,
  after: Order,
  by: { actorId: string | null; at: Date },
): Promise<void> {
  const columns = toColumns(after);
  const moved = await tx
    .update(orders)
    .set(columns)
    .where(and(eq(orders.id, after.id), eq(orders.version, before.version)))
    .returning({ id: orders.id });
  if (moved.length === 0) throw new Error(`Order ${after.id} is no longer at version ${before.version}.`);
  if (before.status === 'PENDING' && after.status === 'RESERVED') {
    for (const { sku, name, unitPrice } of after.lines) {
      await tx
        .update(orderLines)
        .set({ name, unitPriceMinor: unitPrice.minor })
        .where(and(eq(orderLines.orderId, after.id), eq(orderLines.sku, sku)));
    }
  }
  if (after.status === 'REJECTED' && after.offer !== null) {
    for (const { sku, unitPrice } of after.offer) {
      await tx
        .update(orderLines)
        .set({ offeredPriceMinor: unitPrice.minor, offeredCurrencyCode: unitPrice.currencyCode })
        .where(and(eq(orderLines.orderId, after.id), eq(orderLines.sku, sku)));
    }
  }
  const { status, version, reason, reasonDetail } = columns;
  await appendOrderEvent(tx, {
    orderId: after.id,
    version,
    status,
    reason,
    reasonDetail,
    actorId: by.actorId,
    occurredAt: by.at,
  });
}

/** Orders that have been in one of these statuses for so long, with the version they have been at since; longest ago first. */
export async function findUnpaidSince(
  db: Queryable,
  statuses: readonly OrderStatus[],
  ageMs: number,
  limit: number,
): Promise<{ id: string; version: number }[]> {
  return db
    .select({ id: orders.id, version: orders.version })
    .from(orders)
    .innerJoin(orderEvents, and(eq(orderEvents.orderId, orders.id), eq(orderEvents.version, orders.version)))
    .where(
      and(inArray(orders.status, [...statuses]), lte(orderEvents.occurredAt, new Date(Date.now() - ageMs))),
    )
    .orderBy(asc(orders.id))
    .limit(limit);
}
