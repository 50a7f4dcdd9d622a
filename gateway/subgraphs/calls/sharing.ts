import type { Writes } from './writes.ts';

/** Work under way that several callers wait for. */
interface Flight<T> {
  /** When it began, see {@link Writes}. Whoever comes after a later write gets work of their own. */
  readonly age: number;
  readonly result: Promise<T>;
  readonly stop: () => void;
  waiting: number;
}

export interface Sharing<T> {
  /** Whether work for `key` is under way that may be joined. */
  has(key: string): boolean;
  /**
   * The result of the work under way for `key`, started by `start` when there is none that may be joined. A caller that aborts leaves and
   * rejects with `abandoned()`; the work itself is stopped only when the last one has left.
   */
  join(
    key: string,
    start: () => { result: Promise<T>; stop: () => void },
    signal: AbortSignal | undefined,
    abandoned: () => Error,
  ): Promise<T>;
}

export function createSharing<T>(writes: Pick<Writes, 'age'>): Sharing<T> {
  const flights = new Map<string, Flight<T>>();

  function take(key: string, start: () => { result: Promise<T>; stop: () => void }): Flight<T> {
    const existing = flights.get(key);
    const { age } = writes;
    if (existing !== undefined && existing.age === age) return existing;
    const { result, stop } = start();
    const landed = () => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    const stopFlight = () => {
      // Whoever comes after the last one left must not be given work that is being stopped.
      landed();
      stop();
    };
    const flight: Flight<T> = { age, result, waiting: 0, stop: stopFlight };
    flights.set(key, flight);
    result.then(landed, landed);
    return flight;
  }

  return {
    has: (key) => flights.get(key)?.age === writes.age,
    join(key, start, signal, abandoned) {
      if (signal?.aborted) return Promise.reject(abandoned());
      const flight = take(key, start);
      flight.waiting += 1;
      return abandonable(flight.result, signal, () => {
        flight.waiting -= 1;
        if (flight.waiting === 0) flight.stop();
        return abandoned();
      });
    },
  };
}

/** `result`, or a rejection with what `leave` returns as soon as `signal` aborts. */
export function abandonable<T>(
  result: Promise<T>,
  signal: AbortSignal | undefined,
  leave: () => Error,
): Promise<T> {
  if (signal === undefined) return result;
  return new Promise((resolve, reject) => {
    const leavers = leaversOf(signal);
    const onAbort = () => reject(leave());
    leavers.add(onAbort);
    result.then(
      (value) => {
        leavers.delete(onAbort);
        resolve(value);
      },
      (error: unknown) => {
        leavers.delete(onAbort);
        reject(error);
      },
    );
  });
}

const leaversBySignal = new WeakMap<AbortSignal, Set<() => void>>();

/** One listener a signal, as a request makes many calls and listeners of Node's signals are dear. */
function leaversOf(signal: AbortSignal): Set<() => void> {
  let leavers = leaversBySignal.get(signal);
  if (leavers === undefined) {
    const added = (leavers = new Set<() => void>());
    leaversBySignal.set(signal, added);
    signal.addEventListener('abort', () => added.forEach((leave) => leave()), { once: true });
  }
  return leavers;
}
