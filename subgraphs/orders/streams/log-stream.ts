import { setTimeout as delay } from 'node:timers/promises';
import { isTransient } from '#platform/postgres/database.ts';

export interface LogStreamOptions<Event> {
  /** What the log holds behind the event given last (undefined: behind where the stream begins), in order. Empty: nothing yet. */
  read(last: Event | undefined): Promise<readonly Event[]>;
  /** Calls `wake` when it may be worth reading; returns how to stop. */
  watch(wake: () => void): () => void;
  /** The stream ends behind such an event. */
  isLast(event: Event): boolean;
}

/** How long the log may be out of reach before the stream gives up. */
const AWAY_AT_MOST_MS = 30_000;
const RETRY_MS = 250;

/**
 * Follows a log: everything there is, then everything that comes, each once and in order. A notification only says that
 * it is worth looking, so one that is lost or doubled costs nothing.
 */
export function followLog<Event>({
  read,
  watch,
  isLast,
}: LogStreamOptions<Event>): AsyncIterableIterator<Event, undefined> {
  let last: Event | undefined;
  let buffer: readonly Event[] = [];
  let next = 0;
  let ended = false;
  let woken = Promise.withResolvers<void>();
  const unwatch = watch(() => woken.resolve());

  async function fill(): Promise<void> {
    for (let awaySince: number | null = null; !ended; ) {
      woken = Promise.withResolvers<void>(); // before reading: what is appended from here on wakes us again
      try {
        buffer = await read(last);
        next = 0;
      } catch (error) {
        awaySince ??= performance.now();
        if (!isTransient(error) || performance.now() - awaySince > AWAY_AT_MOST_MS) throw error;
        await delay(RETRY_MS);
        continue;
      }
      if (buffer.length > 0) return;
      if (!ended) await woken.promise;
      awaySince = null;
    }
  }

  function end() {
    ended = true;
    unwatch();
    woken.resolve();
    return { done: true, value: undefined } as const;
  }

  const stream: AsyncIterableIterator<Event, undefined> = {
    [Symbol.asyncIterator]: () => stream,
    async next() {
      try {
        if (!ended && last !== undefined && isLast(last)) end();
        if (!ended && next >= buffer.length) await fill();
      } catch (error) {
        end();
        throw error;
      }
      if (ended) return { done: true, value: undefined };
      last = buffer[next++] as Event;
      return { done: false, value: last };
    },
    return: async () => end(),
  };
  return stream;
}
