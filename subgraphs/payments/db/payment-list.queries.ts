import { and, count, desc, eq, gt, gte, isNotNull, isNull, lt, or, type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '#platform/postgres/database.ts';
import type { ShownStatus } from '../domain/payment.ts';
import { type PaymentRow, payments } from './tables.ts';

/** What narrows a list of payments down. */
export interface PaymentCriteria {
  readonly statuses?: readonly ShownStatus[] | undefined;
  readonly holdEndsBefore?: Date | undefined;
  /** That moment included. */
  readonly createdAfter?: Date | undefined;
  /** That moment not included. */
  readonly createdBefore?: Date | undefined;
}

/** Newest first, `limit` at most, older than the payment `before`. */
export async function listPayments(
  db: Queryable,
  criteria: PaymentCriteria,
  { before, limit }: { before: string | null; limit: number },
): Promise<PaymentRow[]> {
  const older = before === null ? undefined : lt(payments.id, before);
  return db
    .select()
    .from(payments)
    .where(and(conditions(criteria), older))
    .orderBy(desc(payments.id))
    .limit(limit);
}

export async function countPayments(db: Queryable, criteria: PaymentCriteria): Promise<number> {
  const [row] = await db.select({ total: count() }).from(payments).where(conditions(criteria));
  return row?.total ?? 0;
}

function conditions({
  statuses,
  holdEndsBefore,
  createdAfter,
  createdBefore,
}: PaymentCriteria): SQL | undefined {
  return and(
    statuses === undefined ? undefined : (or(...[...new Set(statuses)].map(isShownAs)) ?? sql`false`),
    holdEndsBefore === undefined
      ? undefined
      : and(eq(payments.status, 'AUTHORISED'), lt(payments.holdEndsAt, holdEndsBefore)),
    createdAfter === undefined ? undefined : gte(payments.createdAt, createdAfter),
    createdBefore === undefined ? undefined : lt(payments.createdAt, createdBefore),
  );
}

/** The status that clients see, as `shownStatus` tells it. */
function isShownAs(status: ShownStatus): SQL | undefined {
  const { capturedMinor, refundedMinor, captureFailure } = payments;
  switch (status) {
    case 'AUTHORISED':
      return and(eq(payments.status, 'AUTHORISED'), isNull(captureFailure));
    case 'CAPTURE_FAILED':
      return and(eq(payments.status, 'AUTHORISED'), isNotNull(captureFailure));
    case 'CAPTURED':
      return and(eq(payments.status, 'CAPTURED'), eq(refundedMinor, 0n));
    case 'PARTIALLY_REFUNDED':
      return and(gt(refundedMinor, 0n), lt(refundedMinor, capturedMinor));
    case 'REFUNDED':
      return and(gt(refundedMinor, 0n), eq(refundedMinor, capturedMinor));
    case 'PENDING':
    case 'DECLINED':
    case 'VOIDED':
    case 'EXPIRED':
      return eq(payments.status, status);
  }
}
