import { and, asc, eq, getTableColumns, inArray } from 'drizzle-orm';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { payments, type RefundRow, refunds } from './tables.ts';

/** With the customer whose payment it is of, for who may see it. */
export async function findRefunds(
  db: Queryable,
  ids: readonly string[],
): Promise<(RefundRow & { customerId: string })[]> {
  return db
    .select({ ...getTableColumns(refunds), customerId: payments.customerId })
    .from(refunds)
    .innerJoin(payments, eq(payments.id, refunds.paymentId))
    .where(inArray(refunds.id, [...ids]));
}

/** Oldest first. */
export async function findRefundsOfPayments(
  db: Queryable,
  paymentIds: readonly string[],
): Promise<RefundRow[]> {
  return db
    .select()
    .from(refunds)
    .where(inArray(refunds.paymentId, [...paymentIds]))
    .orderBy(asc(refunds.createdAt), asc(refunds.id));
}

export async function insertRefund(tx: Transaction, refund: typeof refunds.$inferInsert): Promise<void> {
  await tx.insert(refunds).values(refund);
}

export async function closeRefund(
  tx: Transaction,
  id: string,
  status: 'SUCCEEDED' | 'FAILED',
): Promise<void> {
  const closed = await tx
    .update(refunds)
    .set({ status })
    .where(and(eq(refunds.id, id), eq(refunds.status, 'PENDING')))
    .returning({ id: refunds.id });
  if (closed.length === 0) throw new Error(`Refund ${id} has been closed already.`);
}
