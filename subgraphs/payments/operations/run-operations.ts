import { uuidv7 } from 'uuidv7';
import { type Database, isTransient } from '#platform/postgres/database.ts';
import { createWakeableLoop } from '#platform/loop/wakeable-loop.ts';
import type { Logger } from '#platform/process/logger.ts';
import {
  giveBackOperation,
  leaseDueOperations,
  type LeasedOperation,
  OPERATIONS_CHANNEL,
  renewLeases,
} from '../db/operation.queries.ts';
import { callLimitMs } from '../domain/retry.ts';
import type { PaymentProvider } from '../provider/provider.ts';
import { askProvider } from './ask-provider.ts';
import { type Recorded, recordOutcome } from './record-outcome.ts';

export interface OperationTimes {
  /** From the first attempt of an authorisation until no answer counts as a refusal. */
  readonly authorisationDeadlineMs: number;
  /** How long one call may take. */
  readonly providerTimeoutMs: number;
  /** After a worker's death, how long until another takes over what it was at. */
  readonly leaseMs: number;
  /** How long an operation waits at most should its notification get lost. */
  readonly pollMs: number;
}

export const OPERATION_TIMES: OperationTimes = {
  authorisationDeadlineMs: 30_000,
  providerTimeoutMs: 10_000,
  leaseMs: 4_000,
  pollMs: 1_000,
};

export interface RunOperationsOptions {
  readonly database: Database;
  readonly provider: PaymentProvider;
  readonly logger: Logger;
  readonly times?: Partial<OperationTimes>;
}

/** Calls to the provider that may wait for their answers at once: they cost a timer each, so that slow ones hold up nobody. */
const IN_FLIGHT_AT_MOST = 500;
/** Leased by one statement; what is left may go to another process. */
const BATCH_SIZE = 50;
const RENEWALS_A_LEASE = 4;

/**
 * Puts queued operations to the provider, outside any transaction: lease, call, record. Those of one payment run one after
 * another, different payments beside each other, over as many processes as there are. Wherever a process dies, the call is
 * made again with the same idempotency key, which the provider answers as before.
 */
export async function runOperations({
  database,
  provider,
  logger,
  times,
}: RunOperationsOptions): Promise<AsyncDisposable> {
  const { authorisationDeadlineMs, providerTimeoutMs, leaseMs, pollMs } = { ...OPERATION_TIMES, ...times };
  const lease = { workerId: uuidv7(), leaseMs };
  const stopping = new AbortController();
  const inFlight = new Map<string, Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  await using starting = new AsyncDisposableStack();

  async function perform(leased: LeasedOperation): Promise<void> {
    const { operation, payment, untilDeadlineMs } = leased;
    const limitMs = callLimitMs({ providerTimeoutMs, untilDeadlineMs });
    const outcome = await askProvider(leased, { provider, limitMs, signal: stopping.signal, logger });
    // Stopped in mid-call: the next worker asks with the same key, and hears what we would have heard.
    if (stopping.signal.aborted && outcome.kind === 'unavailable')
      return giveBackOperation(database.db, lease.workerId, operation.id);

    const recorded = await recordOutcome(database, leased, lease.workerId, outcome);
    if (recorded.kind === 'postponed') wakeIn(recorded.pauseMs);
    report(recorded, {
      kind: operation.kind,
      operation: operation.id,
      orderId: payment.orderId,
      attempts: operation.attempts,
    });
  }

  function report(recorded: Recorded, about: { kind: string } & Record<string, unknown>): void {
    if (recorded.kind === 'postponed')
      logger.warn(
        { ...about, ...recorded, kind: about.kind },
        'the payment provider does not answer; it is asked again',
      );
    else if (recorded.kind === 'taken-over') logger.warn(about, 'another worker took this operation over');
    else if (recorded.status === 'SUCCEEDED' || about.kind === 'AUTHORISE')
      logger.info({ ...about, ...recorded, kind: about.kind }, 'payment operation done');
    // An order has gone on as if this had worked: a person has to look.
    else logger.error({ ...about, ...recorded, kind: about.kind }, 'payment operation refused');
  }

  function start(leased: LeasedOperation): void {
    const { id } = leased.operation;
    if (inFlight.has(id)) return; // We were too late to renew, and have leased our own again.
    const running = perform(leased)
      .catch((error: unknown) => {
        logger[isTransient(error) ? 'warn' : 'error'](
          { error, operation: id },
          'recording a payment operation failed; it is asked again',
        );
        wakeIn(leaseMs);
      })
      .finally(() => {
        inFlight.delete(id);
        // There is room for another, and the payment's next operation may be due.
        loop.wake();
      });
    inFlight.set(id, running);
  }

  function wakeIn(ms: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      loop.wake();
    }, ms);
    timers.add(timer);
  }

  // Let go of from the last to the first.
  starting.defer(() => timers.forEach((timer) => clearTimeout(timer)));
  const renewing = setInterval(() => {
    if (inFlight.size === 0) return;
    renewLeases(database.db, lease, [...inFlight.keys()]).catch((error: unknown) =>
      logger.warn({ error }, 'renewing leases failed'),
    );
  }, leaseMs / RENEWALS_A_LEASE);
  starting.defer(() => clearInterval(renewing));
  starting.defer(async () => void (await Promise.all(inFlight.values())));
  const loop = starting.use(
    createWakeableLoop({
      pollMs,
      async run(signal) {
        for (;;) {
          const limit = Math.min(BATCH_SIZE, IN_FLIGHT_AT_MOST - inFlight.size);
          if (limit <= 0 || signal.aborted) return;
          const leased = await leaseDueOperations(database.db, lease, limit, authorisationDeadlineMs);
          leased.forEach(start);
          if (leased.length < limit) return;
        }
      },
      onError(error) {
        logger.warn({ error }, 'looking for payment operations failed; it tries again');
      },
    }),
  );
  const wake = () => loop.wake();
  starting.use(await database.listen(OPERATIONS_CHANNEL, wake, wake));
  starting.defer(() => stopping.abort());

  const running = starting.move();
  return { [Symbol.asyncDispose]: () => running.disposeAsync() };
}
