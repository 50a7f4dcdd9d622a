import type { Database } from '#platform/postgres/database.ts';
import { ORDER_MOVED_CHANNEL } from '../db/order-log.queries.ts';

/** Tells this process's streams that an order has moved. It says which, never what: streams read the log. */
export interface OrderNotifier extends AsyncDisposable {
  /** Calls `wake` whenever the order (null: any order) may have moved. Returns how to stop. */
  watch(orderId: string | null, wake: () => void): () => void;
}

/** Listens once for all streams of the process. What is notified while the connection is down is made up for by waking everybody. */
export async function createOrderNotifier(database: Database): Promise<OrderNotifier> {
  const watchers = new Map<string | null, Set<() => void>>();
  const wakeAll = () => {
    for (const wakes of watchers.values()) for (const wake of wakes) wake();
  };
  const wakeFor = (orderId: string | null) => {
    for (const wake of watchers.get(orderId) ?? []) wake();
  };
  const listening = await database.listen(
    ORDER_MOVED_CHANNEL,
    (orderId) => {
      wakeFor(orderId);
      wakeFor(null);
    },
    wakeAll,
  );
  return {
    watch(orderId, wake) {
      const wakes = watchers.get(orderId) ?? new Set();
      watchers.set(orderId, wakes.add(wake));
      return () => {
        wakes.delete(wake);
        if (wakes.size === 0 && watchers.get(orderId) === wakes) watchers.delete(orderId);
      };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(listening[Symbol.asyncDispose]()),
  };
}
