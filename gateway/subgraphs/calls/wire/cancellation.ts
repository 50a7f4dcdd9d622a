import type { SubgraphCall, UpstreamError } from '#gateway/subgraphs/calls/calls.ts';

/** A step of a call that can be stopped while it is under way. */
export interface Cancellable {
  cancel(reason: UpstreamError): void;
}

/**
 * How a call under way is told to stop. A call does one step at a time (wait for its turn, exchange bytes), so one
 * slot is enough; an `AbortSignal` a call would cost several times as much.
 */
export interface Cancellation {
  /** Why, once cancelled. A step must look here before it starts. */
  reason: UpstreamError | undefined;
  /** The step under way. */
  step: Cancellable | undefined;
  /** When its turn came, in ms of `performance.now()`: 0 when it had not to wait for it, `Infinity` while it does. */
  turnAt: number;
  /** The call, while its turn is one of those that are counted by whose they are. */
  counted: SubgraphCall | undefined;
}

export function createCancellation(): Cancellation {
  return { reason: undefined, step: undefined, turnAt: 0, counted: undefined };
}

/** Stops what is under way and every step after it. Only the first reason counts. */
export function cancel(cancellation: Cancellation, reason: UpstreamError): void {
  if (cancellation.reason !== undefined) return;
  cancellation.reason = reason;
  cancellation.step?.cancel(reason);
}
