import type { Payload } from '#schema/messages.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { endReservation, openReservation } from '../db/reservation.queries.ts';
import { giveUpUnits } from '../db/stock.queries.ts';

/**
 * Gives back whatever the order holds. Where it has not asked for anything yet, leaves word that it need not: a request
 * that comes later is passed over.
 */
export async function releaseStock(
  tx: Transaction,
  { orderId }: Payload<'inventory.release-stock'>,
): Promise<void> {
  if (await openReservation(tx, orderId, 'RELEASED')) return;
  if (await endReservation(tx, orderId, 'RELEASED')) await giveUpUnits(tx, orderId, 'RELEASED');
}
