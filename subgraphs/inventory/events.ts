/**
 * What inventory hears, all of it from orders, and what it does then. What it says, `stock.reserved` or `stock.refused`,
 * goes out with the reservation: see commands/reserve-stock.ts and domain/reservation.ts.
 */
import type { MessageHandlers } from '#platform/events/messages.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { releaseStock } from './commands/release-stock.ts';
import { reserveStock } from './commands/reserve-stock.ts';
import { shipStock } from './commands/ship-stock.ts';

export const messageHandlers: MessageHandlers<Transaction> = {
  'inventory.reserve-stock': ({ payload }, tx) => reserveStock(tx, payload),
  'inventory.release-stock': ({ payload }, tx) => releaseStock(tx, payload),
  'inventory.ship-stock': ({ payload }, tx) => shipStock(tx, payload),
};
