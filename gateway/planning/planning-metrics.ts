import type { RefusedOperation } from './operation-error.ts';

/** Plain counters since the start, and gauges of now. */
export interface PlanningMetrics {
  /** Operations that wait for a thread. */
  waiting: number;
  threads: number;
  threadsStarted: number;
  /** By reason: `time`, `memory`, `crowded`, `idle` or `failed`. */
  readonly threadsEnded: Record<string, number>;
  /** Valid operations that were not planned, by their error's code. */
  readonly refusals: Record<string, number>;
  /** Hears how long an operation waited for a thread. */
  observeWait(seconds: number): void;
  /** Hears how long a thread had an operation, planned or not. */
  observePlanning(seconds: number): void;
}

export function createPlanningMetrics(): PlanningMetrics {
  return {
    waiting: 0,
    threads: 0,
    threadsStarted: 0,
    threadsEnded: {},
    refusals: {},
    observeWait() {},
    observePlanning() {},
  };
}

export function countRefusal(
  { refusals }: PlanningMetrics,
  { code = 'INTERNAL_SERVER_ERROR' }: RefusedOperation,
): void {
  refusals[code] = (refusals[code] ?? 0) + 1;
}
