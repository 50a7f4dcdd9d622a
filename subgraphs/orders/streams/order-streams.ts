import type { Database } from '#platform/postgres/database.ts';
import { readAllAfter, readOrderAfter } from '../db/order-log.queries.ts';
import type { OrderEventRow } from '../db/tables.ts';
import { isFinal } from '../domain/order.ts';
import { followLog } from './log-stream.ts';
import type { OrderNotifier } from './order-notifier.ts';

/** One change of an order on a live stream; its cursor goes on behind it. */
export interface OrderMove {
  readonly cursor: number;
  readonly event: OrderEventRow;
}

interface Sources {
  readonly database: Database;
  readonly notifier: OrderNotifier;
}

const READ_AT_ONCE = 200;

/** The order's changes behind version `after`. Ends behind the change that nothing can follow. */
export function followOrder(
  { database: { db }, notifier }: Sources,
  orderId: string,
  after: number,
): AsyncIterableIterator<OrderMove> {
  return followLog<OrderMove>({
    read: async (last) =>
      (await readOrderAfter(db, orderId, last?.event.version ?? after)).map((event) => ({
        cursor: event.version,
        event,
      })),
    watch: (wake) => notifier.watch(orderId, wake),
    isLast: ({ event }) => isFinal(event.status),
  });
}

/** Every order's changes behind position `after`. Ends only when its reader does. */
export function followAllOrders(
  { database: { db }, notifier }: Sources,
  after: number,
): AsyncIterableIterator<OrderMove> {
  return followLog<OrderMove>({
    read: async (last) =>
      (await readAllAfter(db, last?.cursor ?? after, READ_AT_ONCE)).map((event) => ({
        cursor: event.position as number,
        event,
      })),
    watch: (wake) => notifier.watch(null, wake),
    isLast: () => false,
  });
}
