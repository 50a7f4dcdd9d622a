import { appendToOutbox } from '#platform/messaging/outbox.ts';
import { type Database, isTransient } from '#platform/postgres/database.ts';
import { createWakeableLoop } from '#platform/loop/wakeable-loop.ts';
import type { Logger } from '#platform/process/logger.ts';
import { hasOpenOperation } from '../db/operation.queries.ts';
import { findEndingHolds, lockPayment, markExpired } from '../db/payment.queries.ts';
import { replyMessage } from '../domain/reply-message.ts';
import { queueOperation } from './queue-operation.ts';

export interface HoldTimes {
  /** How long before the provider lets go of an amount it counts as no longer held. */
  readonly holdMarginMs: number;
  /** How often to look. */
  readonly holdSweepMs: number;
}

export const HOLD_TIMES: HoldTimes = { holdMarginMs: 24 * 3_600_000, holdSweepMs: 15_000 };

const BATCH_SIZE = 100;

/**
 * Sees that a hold ends before it is needed: the payment becomes EXPIRED, its order is told, and what is still held is let
 * go of, so that the customer's next authorisation finds the money free. A payment that is just being captured is left to it.
 */
export function expireHolds({
  database,
  logger,
  times,
}: {
  readonly database: Database;
  readonly logger: Logger;
  readonly times?: Partial<HoldTimes> | undefined;
}): AsyncDisposable {
  const { holdMarginMs, holdSweepMs } = { ...HOLD_TIMES, ...times };

  async function expire(id: string): Promise<boolean> {
    return database.db.transaction(async (tx) => {
      const payment = await lockPayment(tx, id);
      if (payment === null || (await hasOpenOperation(tx, id))) return false;
      if (!(await markExpired(tx, id, holdMarginMs))) return false;
      await queueOperation(tx, payment, { kind: 'VOID' });
      await appendToOutbox(tx, [replyMessage(payment, { type: 'payment.expired' })]);
      return true;
    });
  }

  return createWakeableLoop({
    pollMs: holdSweepMs,
    async run(signal) {
      for (let found = BATCH_SIZE; found === BATCH_SIZE && !signal.aborted; ) {
        const ids = await findEndingHolds(database.db, holdMarginMs, BATCH_SIZE);
        found = ids.length;
        let expired = 0;
        for (const id of ids) if (await expire(id)) expired += 1;
        if (expired > 0) logger.info({ expired }, 'holds that end have been given up');
        if (expired === 0) return;
      }
    },
    onError(error) {
      logger[isTransient(error) ? 'warn' : 'error'](
        { error },
        'looking for ending holds failed; it tries again',
      );
    },
  });
}
