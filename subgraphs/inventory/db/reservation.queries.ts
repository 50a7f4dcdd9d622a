import { and, eq, sql } from 'drizzle-orm';
import type { Transaction } from '#platform/postgres/database.ts';
import type { ReservationStatus, StockAnswer } from '../domain/reservation.ts';
import { reservations } from './tables.ts';

export interface Reservation {
  readonly status: ReservationStatus;
  readonly answer: StockAnswer | null;
}

/**
 * Opens an order's reservation, its answer still to come. False where it has one: what that one says goes. Whoever
 * opens one for the same order at the same time waits here for the other.
 */
export async function openReservation(
  tx: Transaction,
  orderId: string,
  status: 'HELD' | 'RELEASED',
): Promise<boolean> {
  const opened = await tx
    .insert(reservations)
    .values({ orderId, status })
    .onConflictDoNothing()
    .returning({ orderId: reservations.orderId });
  return opened.length > 0;
}

/** What came of it, in the transaction that opened it. */
export async function settleReservation(
  tx: Transaction,
  orderId: string,
  settled: Reservation,
): Promise<void> {
  await tx.update(reservations).set(settled).where(eq(reservations.orderId, orderId));
}

export async function findReservation(tx: Transaction, orderId: string): Promise<Reservation | null> {
  const [found] = await tx
    .select({ status: reservations.status, answer: reservations.answer })
    .from(reservations)
    .where(eq(reservations.orderId, orderId))
    .for('update');
  return found ?? null;
}

/** Moves a reservation on from HELD. False where it is not (or no longer) HELD: then there is nothing to give up. */
export async function endReservation(
  tx: Transaction,
  orderId: string,
  status: 'RELEASED' | 'SHIPPED',
): Promise<boolean> {
  const ended = await tx
    .update(reservations)
    .set({ status, changedAt: sql`now()` })
    .where(and(eq(reservations.orderId, orderId), eq(reservations.status, 'HELD')))
    .returning({ orderId: reservations.orderId });
  return ended.length > 0;
}
