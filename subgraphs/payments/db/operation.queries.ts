/**
 * What is to be asked of the provider: `payment_operations`.
 *
 *   OPEN ──▶ SUCCEEDED
 *     └────▶ FAILED
 *
 * An OPEN row is due once `next_attempt_at` has come, no earlier row of its payment is OPEN, and no worker has a lease on
 * it. A lease only saves double work: that nothing is done twice is up to the idempotency key and `closeOperation`.
 * All times are the database's, as workers may run on several machines.
 */
import { and, asc, eq, inArray, isNull, lt, lte, notExists, or, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { type OperationRow, type PaymentRow, paymentOperations as operations, payments } from './tables.ts';

/** Notified when an operation has become due. */
export const OPERATIONS_CHANNEL = 'payment_operations';

/** An operation that a worker has taken on, and the payment as the operations before it left it. */
export interface LeasedOperation {
  readonly operation: OperationRow;
  readonly payment: PaymentRow;
  /** Milliseconds until the deadline; null where there is none. */
  readonly untilDeadlineMs: number | null;
}

export interface Lease {
  readonly workerId: string;
  readonly leaseMs: number;
}

/** False where an operation with that idempotency key exists already. */
export async function insertOperation(
  tx: Transaction,
  operation: typeof operations.$inferInsert,
): Promise<boolean> {
  const inserted = await tx
    .insert(operations)
    .values(operation)
    .onConflictDoNothing({ target: operations.idempotencyKey })
    .returning({ id: operations.id });
  if (inserted.length > 0) await tx.execute(sql`select pg_notify(${OPERATIONS_CHANNEL}, '')`);
  return inserted.length > 0;
}

/** Takes on up to `limit` due operations, longest due first, and counts the attempt that is about to be made. */
export async function leaseDueOperations(
  db: Queryable,
  { workerId, leaseMs }: Lease,
  limit: number,
  authorisationDeadlineMs: number,
): Promise<LeasedOperation[]> {
  const due = alias(operations, 'due');
  const earlier = alias(operations, 'earlier');
  const ids = db
    .select({ id: due.id })
    .from(due)
    .where(
      and(
        eq(due.state, 'OPEN'),
        lte(due.nextAttemptAt, now),
        or(isNull(due.leasedUntil), lt(due.leasedUntil, now)),
        notExists(
          db
            .select()
            .from(earlier)
            .where(
              and(
                eq(earlier.paymentId, due.paymentId),
                eq(earlier.state, 'OPEN'),
                lt(earlier.position, due.position),
              ),
            ),
        ),
      ),
    )
    .orderBy(asc(due.nextAttemptAt))
    .limit(limit)
    .for('update', { skipLocked: true });
  const deadline = sql`case when ${operations.kind} = 'AUTHORISE' then coalesce(${operations.deadlineAt}, ${later(authorisationDeadlineMs)}) end`;
  return (
    db
      .update(operations)
      .set({
        leasedBy: workerId,
        leasedUntil: later(leaseMs),
        attempts: sql`${operations.attempts} + 1`,
        deadlineAt: deadline,
      })
      .from(payments)
      // An array, not IN: the subquery runs once whatever the plan, so no more rows are locked than are leased.
      .where(and(eq(payments.id, operations.paymentId), sql`${operations.id} = any(array(${ids}))`))
      .returning({
        operation: operations,
        payment: payments,
        untilDeadlineMs: sql<
          number | null
        >`(extract(epoch from ${operations.deadlineAt} - ${now}) * 1000)::float8`,
      })
  );
}

/** Says of operations that are being worked at that they still are. */
export async function renewLeases(
  db: Queryable,
  { workerId, leaseMs }: Lease,
  ids: readonly string[],
): Promise<void> {
  await db
    .update(operations)
    .set({ leasedUntil: later(leaseMs) })
    .where(
      and(inArray(operations.id, [...ids]), eq(operations.leasedBy, workerId), eq(operations.state, 'OPEN')),
    );
}

/** Gives an operation back, to be taken on by anybody at once. */
export async function giveBackOperation(db: Queryable, workerId: string, id: string): Promise<void> {
  await db
    .update(operations)
    .set({ leasedBy: null, leasedUntil: null })
    .where(and(eq(operations.id, id), eq(operations.leasedBy, workerId), eq(operations.state, 'OPEN')));
  await db.execute(sql`select pg_notify(${OPERATIONS_CHANNEL}, '')`);
}

export interface OperationState {
  readonly isOpen: boolean;
  readonly leasedBy: string | null;
  readonly isPastDeadline: boolean;
  /** A void stands behind it: the order does not want the payment any more. */
  readonly isUnwanted: boolean;
}

/** As it is now, and locked. The payment's row lock must be held. */
export async function lockOperation(tx: Transaction, id: string): Promise<OperationState> {
  const voiding = alias(operations, 'voiding');
  const [found] = await tx
    .select({
      state: operations.state,
      leasedBy: operations.leasedBy,
      isPastDeadline: sql<boolean>`coalesce(${operations.deadlineAt} <= ${now}, false)`,
      isUnwanted: sql<boolean>`exists (${tx
        .select()
        .from(voiding)
        .where(
          and(
            eq(voiding.paymentId, operations.paymentId),
            eq(voiding.kind, 'VOID'),
            eq(voiding.attempt, operations.attempt),
            eq(voiding.state, 'OPEN'),
          ),
        )})`,
    })
    .from(operations)
    .where(eq(operations.id, id))
    .for('update');
  if (found === undefined) throw new Error(`Operation ${id} does not exist.`);
  const { state, ...rest } = found;
  return { isOpen: state === 'OPEN', ...rest };
}

/** Another attempt, after a pause but not after the deadline. */
export async function postponeOperation(tx: Transaction, id: string, pauseMs: number): Promise<void> {
  // least() passes over a deadline that is null.
  const next = sql`least(${later(pauseMs)}, ${operations.deadlineAt})`;
  await tx
    .update(operations)
    .set({ leasedBy: null, leasedUntil: null, nextAttemptAt: next })
    .where(eq(operations.id, id));
}

export async function closeOperation(
  tx: Transaction,
  id: string,
  state: 'SUCCEEDED' | 'FAILED',
): Promise<void> {
  const closed = await tx
    .update(operations)
    .set({ state, leasedBy: null, leasedUntil: null })
    .where(and(eq(operations.id, id), eq(operations.state, 'OPEN')))
    .returning({ id: operations.id });
  if (closed.length === 0) throw new Error(`Operation ${id} has been closed already.`);
}

/** Whether anything is still to be asked of the provider for this payment. */
export async function hasOpenOperation(tx: Transaction, paymentId: string): Promise<boolean> {
  const open = await tx
    .select({ id: operations.id })
    .from(operations)
    .where(and(eq(operations.paymentId, paymentId), eq(operations.state, 'OPEN')))
    .limit(1);
  return open.length > 0;
}

/** Makes an authorisation that waits for its next attempt due at once. The payment's row lock must be held. */
export async function hurryAuthorisation(tx: Transaction, paymentId: string): Promise<void> {
  await tx
    .update(operations)
    .set({ nextAttemptAt: now })
    .where(
      and(
        eq(operations.paymentId, paymentId),
        eq(operations.kind, 'AUTHORISE'),
        eq(operations.state, 'OPEN'),
      ),
    );
}

const now = sql`clock_timestamp()`;
const later = (ms: number) => sql`clock_timestamp() + make_interval(secs => ${ms / 1000}::float8)`;
