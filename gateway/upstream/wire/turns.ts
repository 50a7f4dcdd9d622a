import type { Cancellation } from './cancellation.ts';
import type { UpstreamError } from '#gateway/upstream/upstream.ts';

export interface Turns {
  /**
   * Takes a turn: `undefined` when there is one at once, else a promise of it. Rejects with `refusal()` when too many
   * wait already, with the reason when cancelled.
   */
  take(cancellation: Cancellation): Promise<void> | undefined;
  /** Ends a turn that was taken; the longest waiting one goes next. */
  end(): void;
}

/** At most `max` turns at once, at most `maxWaiting` wait for theirs, first come first served. */
export function createTurns(max: number, maxWaiting: number, refusal: () => UpstreamError): Turns {
  const waiting = new Set<() => void>();
  let taken = 0;

  return {
    take(cancellation) {
      if (cancellation.reason !== undefined) return Promise.reject(cancellation.reason);
      if (taken < max) {
        taken += 1;
        return undefined;
      }
      if (waiting.size >= maxWaiting) return Promise.reject(refusal());
      return new Promise((resolve, reject) => {
        waiting.add(resolve);
        // Once its turn has come, the step after this one has the slot.
        const leave = (reason: UpstreamError) => {
          if (waiting.delete(resolve)) reject(reason);
        };
        cancellation.step = { cancel: leave };
      });
    },
    end() {
      const [next] = waiting;
      if (next === undefined) {
        taken -= 1;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}
