import type { UpstreamError } from '#gateway/upstream/upstream.ts';

/**
 * How a call under way is told to stop. A call does one step at a time (wait for its turn, exchange bytes), so one
 * slot is enough; an `AbortSignal` a call would cost several times as much.
 */
export interface Cancellation {
  /** Why, once cancelled. A step must look here before it starts. */
  reason: UpstreamError | undefined;
  /** Stops the step under way. */
  stop: ((reason: UpstreamError) => void) | undefined;
}

export function createCancellation(): Cancellation {
  return { reason: undefined, stop: undefined };
}

/** Stops what is under way and every step after it. Only the first reason counts. */
export function cancel(cancellation: Cancellation, reason: UpstreamError): void {
  if (cancellation.reason !== undefined) return;
  cancellation.reason = reason;
  cancellation.stop?.(reason);
}
