import type { Database } from '#platform/postgres/database.ts';
import { lastPosition, readAllAfter, readOrderAfter } from '../db/order-log.queries.ts';
import type { OrderEventRow } from '../db/tables.ts';
import { isFinal, type OrderStatus } from '../domain/order.ts';
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

/** The order's changes behind version `after`. Ends behind the change that nothing can follow, also where that is `after`. */
export function followOrder(
  { database: { db }, notifier }: Sources,
  order: { readonly id: string; readonly version: number; readonly status: OrderStatus },
  after: number,
): AsyncIterableIterator<OrderMove> {
  const orderId = order.id;
  if (after === order.version && isFinal(order.status)) return nothing();
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

/** Where the changes of all orders stand: the position of the latest; 0 before the first. */
export function lastMove({ database }: Pick<Sources, 'database'>): Promise<number> {
  return lastPosition(database.db);
}

async function* nothing(): AsyncGenerator<never, undefined> {}
