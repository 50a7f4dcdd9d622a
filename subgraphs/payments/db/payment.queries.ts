/**
 * Payments. Whoever changes one holds its row lock from before it looks (`lockPayment…`) until it commits; every UPDATE
 * names the state it starts from all the same, and the table's constraints stand behind both.
 *
 * Locks are taken in this order: order (advisory), payment, operation.
 */
import { and, asc, eq, gte, inArray, lt, notExists, type SQL, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import type { Change } from '../domain/payment.ts';
import { paymentOperations, type PaymentRow, payments, voidedOrders } from './tables.ts';

export async function findPayments(db: Queryable, ids: readonly string[]): Promise<PaymentRow[]> {
  return db
    .select()
    .from(payments)
    .where(inArray(payments.id, [...ids]));
}

export async function findPaymentsOfOrders(
  db: Queryable,
  orderIds: readonly string[],
): Promise<PaymentRow[]> {
  return db
    .select()
    .from(payments)
    .where(inArray(payments.orderId, [...orderIds]));
}

/** Orders what is said about one order, before there is a payment whose row could be locked. */
export async function lockOrder(tx: Transaction, orderId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`payment of ${orderId}`}, 0))`);
}

export async function lockPayment(tx: Transaction, id: string): Promise<PaymentRow | null> {
  const [payment] = await tx.select().from(payments).where(eq(payments.id, id)).for('update');
  return payment ?? null;
}

export async function lockPaymentOfOrder(tx: Transaction, orderId: string): Promise<PaymentRow | null> {
  const [payment] = await tx.select().from(payments).where(eq(payments.orderId, orderId)).for('update');
  return payment ?? null;
}

/** Null where the order has a payment already. */
export async function insertPayment(
  tx: Transaction,
  payment: typeof payments.$inferInsert,
): Promise<PaymentRow | null> {
  const [inserted] = await tx
    .insert(payments)
    .values(payment)
    .onConflictDoNothing({ target: payments.orderId })
    .returning();
  return inserted ?? null;
}

/** Remembers that whatever this order should still ask for is not to be authorised. */
export async function rememberVoidedOrder(tx: Transaction, orderId: string): Promise<void> {
  await tx.insert(voidedOrders).values({ orderId }).onConflictDoNothing();
}

export async function isVoidedOrder(tx: Transaction, orderId: string): Promise<boolean> {
  return (await tx.select().from(voidedOrders).where(eq(voidedOrders.orderId, orderId))).length > 0;
}

/** Begins the payment anew, for an authorisation that takes the place of the last one. */
export async function reopenPayment(
  tx: Transaction,
  { id, status }: PaymentRow,
  { attempt, paymentMethod }: { readonly attempt: number; readonly paymentMethod: string },
): Promise<void> {
  const reopened: Columns = {
    status: 'PENDING',
    attempt,
    paymentMethod,
    declineCode: null,
    declineMessage: null,
    captureFailure: null,
    holdEndsAt: null,
  };
  if (!(await updated(tx, id, reopened, [eq(payments.status, status), lt(payments.attempt, attempt)])))
    throw new Error(`Payment ${id} cannot be begun anew in the state it is in.`);
}

/** Payments whose provider lets go of the amount within so long, and which nobody is at. */
export async function findEndingHolds(db: Queryable, marginMs: number, limit: number): Promise<string[]> {
  const open = db
    .select()
    .from(paymentOperations)
    .where(and(eq(paymentOperations.paymentId, payments.id), eq(paymentOperations.state, 'OPEN')));
  const rows = await db
    .select({ id: payments.id })
    .from(payments)
    .where(and(eq(payments.status, 'AUTHORISED'), endsWithin(marginMs), notExists(open)))
    .orderBy(asc(payments.holdEndsAt))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** False where it is no longer so. The payment's row lock must be held. */
export async function markExpired(tx: Transaction, id: string, marginMs: number): Promise<boolean> {
  return updated(tx, id, { status: 'EXPIRED' }, [eq(payments.status, 'AUTHORISED'), endsWithin(marginMs)]);
}

const endsWithin = (ms: number) =>
  sql`${payments.holdEndsAt} <= clock_timestamp() + make_interval(secs => ${ms / 1000}::float8)`;

/** Sets an amount aside for a refund. False where so much is not left. */
export async function reserveRefund(
  tx: Transaction,
  paymentId: string,
  amountMinor: bigint,
): Promise<boolean> {
  const taken = sql`${payments.refundedMinor} + ${payments.refundingMinor} + ${amountMinor.toString()}::bigint`;
  return updated(tx, paymentId, { refundingMinor: plus(payments.refundingMinor, amountMinor) }, [
    eq(payments.status, 'CAPTURED'),
    sql`${taken} <= ${payments.capturedMinor}`,
  ]);
}

/** Makes a decided change. `amountMinor` is that of the operation behind it. Throws where the payment is not as decided on. */
export async function applyChange(
  tx: Transaction,
  paymentId: string,
  change: Change,
  amountMinor: bigint,
): Promise<void> {
  if (!(await changed(tx, paymentId, change, amountMinor)))
    throw new Error(`Payment ${paymentId} cannot be ${change.type} in the state it is in.`);
}

function changed(tx: Transaction, id: string, change: Change, amountMinor: bigint): Promise<boolean> {
  const setAside = gte(payments.refundingMinor, amountMinor);
  switch (change.type) {
    case 'authorised':
      return updated(tx, id, { status: 'AUTHORISED', holdEndsAt: change.holdEndsAt }, [
        eq(payments.status, 'PENDING'),
      ]);
    case 'declined':
      return updated(
        tx,
        id,
        { status: 'DECLINED', declineCode: change.code, declineMessage: change.message },
        [eq(payments.status, 'PENDING')],
      );
    case 'captured':
      return updated(
        tx,
        id,
        { status: 'CAPTURED', capturedMinor: plus(payments.capturedMinor, amountMinor) },
        [eq(payments.status, 'AUTHORISED')],
      );
    case 'capture-failed':
      return updated(tx, id, { captureFailure: change.message }, [eq(payments.status, 'AUTHORISED')]);
    case 'voided':
      return updated(tx, id, { status: 'VOIDED' }, [eq(payments.status, 'AUTHORISED')]);
    case 'refunded': {
      const moved = {
        refundingMinor: minus(payments.refundingMinor, amountMinor),
        refundedMinor: plus(payments.refundedMinor, amountMinor),
      };
      return updated(tx, id, moved, [setAside]);
    }
    case 'refund-failed':
      return updated(tx, id, { refundingMinor: minus(payments.refundingMinor, amountMinor) }, [setAside]);
  }
}

type Columns = { [Column in keyof PaymentRow]?: PaymentRow[Column] | SQL };

async function updated(
  tx: Transaction,
  id: string,
  columns: Columns,
  conditions: readonly SQL[],
): Promise<boolean> {
  const rows = await tx
    .update(payments)
    .set(columns)
    .where(and(eq(payments.id, id), ...conditions))
    .returning({ id: payments.id });
  return rows.length > 0;
}

type AmountColumn =
  | typeof payments.capturedMinor
  | typeof payments.refundingMinor
  | typeof payments.refundedMinor;

const plus = (column: AmountColumn, amountMinor: bigint) =>
  sql`${column} + ${amountMinor.toString()}::bigint`;
const minus = (column: AmountColumn, amountMinor: bigint) =>
  sql`${column} - ${amountMinor.toString()}::bigint`;
