import type { Database } from '#platform/postgres/database.ts';
import { findOrders } from '../db/order.queries.ts';
import type { OrderNotifier } from './order-notifier.ts';

/** Within the time that the gateway gives a call. */
const ANSWERED_WITHIN_MS = 4_000;

/**
 * Waits, though not for long, until it is known whether the parcel of a FULFILLING order may leave. Whoever has it in their
 * hands then need not look again; where it takes longer, they see so by the status.
 */
export async function untilCaptured(
  { database, notifier }: { readonly database: Database; readonly notifier: OrderNotifier },
  orderId: string,
): Promise<void> {
  let late = false;
  let woken = Promise.withResolvers<void>();
  const unwatch = notifier.watch(orderId, () => woken.resolve());
  const timer = setTimeout(() => {
    late = true;
    woken.resolve();
  }, ANSWERED_WITHIN_MS);
  try {
    while (!late) {
      const looked = woken.promise;
      const [order] = await findOrders(database.db, [orderId]);
      if (order?.status !== 'FULFILLING') return;
      await looked;
      woken = Promise.withResolvers<void>();
    }
  } finally {
    clearTimeout(timer);
    unwatch();
  }
}
