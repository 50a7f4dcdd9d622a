import type { Database } from '#platform/postgres/database.ts';
import { isTransient } from '#platform/postgres/database.ts';
import { createWakeableLoop } from '#platform/loop/wakeable-loop.ts';
import type { Logger } from '#platform/process/logger.ts';
import { findUnpaidSince, lockOrder } from '../db/order.queries.ts';
import { advanceOrder } from './advance-order.ts';

export interface ExpiryTimes {
  /** How long an order may be PENDING or RESERVED. Longer than payments takes to give up on a provider. */
  readonly unpaidMs: number;
  /** How long a PAYMENT_FAILED order keeps its stock and waits to be paid anew. */
  readonly paymentFailedMs: number;
  /** How often to look. */
  readonly sweepMs: number;
}

export const EXPIRY_TIMES: ExpiryTimes = {
  unpaidMs: 30 * 60_000,
  paymentFailedMs: 3 * 24 * 3_600_000,
  sweepMs: 15_000,
};

const BATCH_SIZE = 100;

/**
 * Cancels orders that nobody has paid for too long, which lets go of their stock and of what may be held of the customer's
 * money. A reply that comes later finds the order CANCELLED, and what it tells of on its way back.
 */
export function expireOrders({
  database,
  logger,
  times,
}: {
  readonly database: Database;
  readonly logger: Logger;
  readonly times?: Partial<ExpiryTimes> | undefined;
}): AsyncDisposable {
  const { unpaidMs, paymentFailedMs, sweepMs } = { ...EXPIRY_TIMES, ...times };
  const limits = [
    { statuses: ['PENDING', 'RESERVED'], ageMs: unpaidMs },
    { statuses: ['PAYMENT_FAILED'], ageMs: paymentFailedMs },
  ] as const;

  /** At that version: an order that moves meanwhile has not waited for so long. */
  async function expire({ id, version }: { id: string; version: number }): Promise<boolean> {
    return database.db.transaction(async (tx) => {
      const order = await lockOrder(tx, id);
      if (order === null || order.version !== version) return false;
      return advanceOrder(tx, order, { type: 'expire' }, { actorId: null, at: new Date() });
    });
  }

  return createWakeableLoop({
    pollMs: sweepMs,
    async run(signal) {
      for (const { statuses, ageMs } of limits) {
        for (let full = true; full && !signal.aborted; ) {
          const found = await findUnpaidSince(database.db, statuses, ageMs, BATCH_SIZE);
          let expired = 0;
          for (const order of found) if (await expire(order)) expired += 1;
          if (expired > 0) logger.info({ expired, statuses }, 'unpaid orders have expired');
          full = found.length === BATCH_SIZE && expired > 0;
        }
      }
    },
    onError(error) {
      logger[isTransient(error) ? 'warn' : 'error'](
        { error },
        'expiring unpaid orders failed; it tries again',
      );
    },
  });
}
