import { and, asc, eq, getTableColumns, inArray } from 'drizzle-orm';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { idempotencyKeys, payments, type RefundRow, refunds } from './tables.ts';

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

export interface IdempotencyClaim {
  readonly actorId: string;
  readonly key: string;
  readonly requestHash: string;
  readonly refundId: string;
}

/**
 * Claims a key for this request. Null when it is now ours; otherwise what an earlier request did with it. A request that
 * comes while the first is still under way waits for it here.
 */
export async function claimIdempotencyKey(
  tx: Transaction,
  claim: IdempotencyClaim,
): Promise<{ refundId: string; requestHash: string } | null> {
  const claimed = await tx
    .insert(idempotencyKeys)
    .values(claim)
    .onConflictDoNothing()
    .returning({ key: idempotencyKeys.key });
  if (claimed.length > 0) return null;
  const [earlier] = await tx
    .select({ refundId: idempotencyKeys.refundId, requestHash: idempotencyKeys.requestHash })
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.actorId, claim.actorId), eq(idempotencyKeys.key, claim.key)));
  if (earlier === undefined) throw new Error('An idempotency key that conflicted is gone.');
  return earlier;
}
