import { setTimeout as delay } from 'node:timers/promises';
import type { Message } from '#schema/messages.ts';

const IN_FLIGHT_AT_MOST = 500;
const RUNNING_AT_MOST = 16;
const RETRY_MS = 250;

export interface DispatcherOptions {
  handle(message: Message, signal: AbortSignal): Promise<void>;
  /** Everything up to and including this position is dealt with. Called in rising order, never twice at once. */
  onPosition(position: bigint): Promise<void>;
}

export interface Dispatcher extends AsyncDisposable {
  dispatch(position: bigint, message: Message): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
  /** Waits until what runs has ended and forgets what has not begun: the caller reads again from the kept position. */
  restart(): Promise<void>;
  /** Begins nothing more. */
  stop(): void;
}

/**
 * Runs handlers for a log: messages of one key one after another, different keys beside each other, so that one order
 * that has to be retried holds up nobody else's. The position that is kept is that of the oldest message not yet done.
 */
export function createDispatcher({ handle, onPosition }: DispatcherOptions): Dispatcher {
  const stopping = new AbortController();
  let generation = 0;
  const unfinished = new Set<bigint>(); // in rising order, as they were dispatched
  const queues = new Map<string, { position: bigint; message: Message }[]>();
  const ready: string[] = [];
  const running = new Set<Promise<void>>();
  let highest = 0n;
  let moved = 0n;
  let moving: Promise<void> | null = null;
  let roomMade = Promise.withResolvers<void>();

  async function work(key: string, queue: { position: bigint; message: Message }[], of: number) {
    while (queue.length > 0 && !stopping.signal.aborted && generation === of) {
      const next = queue[0] as { position: bigint; message: Message };
      try {
        await handle(next.message, stopping.signal);
      } catch {
        await delay(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {});
        continue;
      }
      queue.shift();
      if (generation !== of) return;
      unfinished.delete(next.position);
      roomMade.resolve();
      move();
    }
    if (generation === of) queues.delete(key);
  }

  function start() {
    while (running.size < RUNNING_AT_MOST && ready.length > 0 && !stopping.signal.aborted) {
      const key = ready.shift() as string;
      const queue = queues.get(key);
      if (queue === undefined) continue;
      const run = work(key, queue, generation).finally(() => {
        running.delete(run);
        start();
      });
      running.add(run);
    }
  }

  /** Writes the position behind the oldest unfinished message; while a write is under way, the next one waits for it. */
  function move() {
    if (moving !== null) return;
    const [oldest] = unfinished;
    const done = oldest === undefined ? highest : oldest - 1n;
    if (done <= moved) return;
    moving = onPosition(done)
      .then(() => {
        moved = done;
      })
      .catch(() => {}) // Written with the next one; until then a restart handles a few messages again, which the inbox drops.
      .finally(() => {
        moving = null;
        if (moved === done) move();
      });
  }

  return {
    dispatch(position, message) {
      highest = position;
      unfinished.add(position);
      const queue = queues.get(message.key);
      if (queue !== undefined) {
        queue.push({ position, message });
        return;
      }
      queues.set(message.key, [{ position, message }]);
      ready.push(message.key);
      start();
    },
    async room() {
      while (unfinished.size >= IN_FLIGHT_AT_MOST && !stopping.signal.aborted) {
        roomMade = Promise.withResolvers<void>();
        await roomMade.promise;
      }
    },
    async restart() {
      generation++;
      queues.clear();
      ready.length = 0;
      unfinished.clear();
      await Promise.all(running);
      await moving;
      highest = 0n;
      moved = 0n;
    },
    stop() {
      stopping.abort();
      roomMade.resolve();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      roomMade.resolve();
      await Promise.all(running);
      await moving;
    },
  };
}
