import type { SubgraphCall, UpstreamError } from '#gateway/subgraphs/calls/calls.ts';
import type { Cancellation } from '#gateway/subgraphs/calls/wire/cancellation.ts';
import { clientOf } from '#gateway/subgraphs/calls/wire/traits.ts';

export interface Turns {
  /**
   * Takes a turn: `undefined` when there is one at once, else a promise of it. Rejects with `refusal()` when too many
   * wait already, with the reason when cancelled.
   */
  take(call: SubgraphCall, cancellation: Cancellation): Promise<void> | undefined;
  /** Ends the turn that was taken; the one who waits longest and may go goes next. */
  end(cancellation: Cancellation): void;
}

interface Waiting {
  readonly call: SubgraphCall;
  readonly cancellation: Cancellation;
  go(): void;
}

/** Of all turns, and of all places to wait, so much is left to others than the one operation, or client, that has most. */
const LEFT_TO_OTHERS = { operation: 1 / 4, client: 1 / 8 };

/**
 * At most `max` turns at once, at most `maxWaiting` wait for theirs, first come first served. One operation that takes
 * long, or one client that asks for much, never takes all. While half of the turns are free nobody counts who has which.
 */
export function createTurns(max: number, maxWaiting: number, refusal: () => UpstreamError): Turns {
  const plenty = max / 2;
  const waiting = new Set<Waiting>();
  const running = createCounts((left) => Math.ceil(max / 2 - max * left));
  const queued = createCounts((left) => Math.ceil(maxWaiting * (1 - left)));
  let taken = 0;

  function begin(call: SubgraphCall, cancellation: Cancellation): void {
    taken += 1;
    if (taken <= plenty) return;
    running.add(call, 1);
    cancellation.counted = call;
  }

  function leave(entry: Waiting): boolean {
    if (!waiting.delete(entry)) return false;
    queued.add(entry.call, -1);
    return true;
  }

  const mayGo = (call: SubgraphCall) => taken < plenty || (taken < max && running.haveRoom(call));

  return {
    take(call, cancellation) {
      if (cancellation.reason !== undefined) return Promise.reject(cancellation.reason);
      if (mayGo(call)) {
        begin(call, cancellation);
        return undefined;
      }
      if (waiting.size >= maxWaiting || !queued.haveRoom(call)) return Promise.reject(refusal());
      return new Promise((go, reject) => {
        const entry: Waiting = { call, cancellation, go };
        waiting.add(entry);
        queued.add(call, 1);
        // Once its turn has come, the step after this one has the slot.
        const cancel = (reason: UpstreamError) => {
          if (leave(entry)) reject(reason);
        };
        cancellation.step = { cancel };
      });
    },
    end(cancellation) {
      taken -= 1;
      if (cancellation.counted !== undefined) running.add(cancellation.counted, -1);
      cancellation.counted = undefined;
      for (const entry of waiting) {
        if (!mayGo(entry.call)) continue;
        leave(entry);
        begin(entry.call, entry.cancellation);
        entry.go();
        return;
      }
    },
  };
}

/** How many calls there are of each client and of each operation. `most` says how many, given what is left to others. */
function createCounts(most: (left: number) => number) {
  const counts = new Map<string, number>();
  const mostOfClient = most(LEFT_TO_OTHERS.client);
  const mostOfOperation = most(LEFT_TO_OTHERS.operation);

  function change(key: string, by: number): void {
    const count = (counts.get(key) ?? 0) + by;
    if (count === 0) counts.delete(key);
    else counts.set(key, count);
  }

  return {
    add(call: SubgraphCall, by: 1 | -1): void {
      change(`client ${clientOf(call)}`, by);
      change(`operation ${call.request.query}`, by);
    },
    haveRoom(call: SubgraphCall): boolean {
      if ((counts.get(`client ${clientOf(call)}`) ?? 0) >= mostOfClient) return false;
      return (counts.get(`operation ${call.request.query}`) ?? 0) < mostOfOperation;
    },
  };
}
