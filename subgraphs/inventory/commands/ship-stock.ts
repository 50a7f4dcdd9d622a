import type { Payload } from '#schema/messages.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { endReservation, findReservation } from '../db/reservation.queries.ts';
import { giveUpUnits } from '../db/stock.queries.ts';

/**
 * The order's units have left the warehouse. Told again it changes nothing. Throws where the order holds nothing: goods
 * that left without a reservation are a matter for a person, who finds the message among the dead letters.
 */
export async function shipStock(
  tx: Transaction,
  { orderId }: Payload<'inventory.ship-stock'>,
): Promise<void> {
  if (await endReservation(tx, orderId, 'SHIPPED')) return giveUpUnits(tx, orderId, 'SHIPPED');
  const reservation = await findReservation(tx, orderId);
  if (reservation?.status === 'SHIPPED') return;
  throw new Error(
    `Order ${orderId} is said to have shipped but holds no units (${reservation?.status ?? 'no reservation'}).`,
  );
}
