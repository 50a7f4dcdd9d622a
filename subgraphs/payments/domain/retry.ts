import type { OperationKind } from './payment.ts';

const BACKOFF_FIRST_MS = 100;
const BACKOFF_LAST_MS: Record<OperationKind, number> = {
  // A customer waits.
  AUTHORISE: 4_000,
  CAPTURE: 60_000,
  VOID: 60_000,
  REFUND: 60_000,
};

/**
 * How long to wait before the next attempt, in milliseconds: doubling, and spread over the upper half of the interval so
 * that calls which failed together do not come back together.
 * @param attempts made so far, from 1. @param random from 0 up to 1.
 */
export function backoffMs(kind: OperationKind, attempts: number, random: number): number {
  const limit = Math.min(BACKOFF_LAST_MS[kind], BACKOFF_FIRST_MS * 2 ** (attempts - 1));
  return Math.round(limit * (0.5 + random / 2));
}

/** How long one call may take: the provider's limit, cut at the deadline but for a last second, so that there is a last try. */
export function callLimitMs({
  providerTimeoutMs,
  untilDeadlineMs,
}: {
  providerTimeoutMs: number;
  untilDeadlineMs: number | null;
}): number {
  if (untilDeadlineMs === null) return providerTimeoutMs;
  return Math.min(providerTimeoutMs, Math.max(LAST_TRY_MS, untilDeadlineMs));
}

const LAST_TRY_MS = 1_000;
