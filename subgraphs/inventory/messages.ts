/**
 * What inventory hears, all of it from orders, and what it does then. What it says, `stock.reserved` or `stock.refused`,
 * goes out with the reservation: see commands/reserve-stock.ts and domain/reservation.ts.
 */
import type { MessageHandlers } from '#schema/messages.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { releaseStock } from './commands/release-stock.ts';
import { reserveStock } from './commands/reserve-stock.ts';
import { shipStock } from './commands/ship-stock.ts';
import type { PriceTolerance } from './domain/price.ts';

export const createMessageHandlers = (tolerance: PriceTolerance): MessageHandlers<Transaction> => ({
  // An order is placed in the transaction that says so: the message tells when.
  'inventory.reserve-stock': ({ payload, occurredAt }, tx) =>
    reserveStock(tx, payload, { placedAt: notInFuture(new Date(occurredAt)), tolerance }),
  'inventory.release-stock': ({ payload }, tx) => releaseStock(tx, payload),
  'inventory.ship-stock': ({ payload }, tx) => shipStock(tx, payload),
});

/** Whatever the clock of orders says, an order we have heard of has been placed. */
function notInFuture(time: Date): Date {
  const now = new Date();
  return time < now ? time : now;
}
