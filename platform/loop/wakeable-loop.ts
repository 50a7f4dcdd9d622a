import { setTimeout as delay } from 'node:timers/promises';

export interface WakeableLoop extends AsyncDisposable {
  /** Runs soon: now if idle, once more if running. */
  wake(): void;
}

export interface WakeableLoopOptions {
  /** Runs at least this often, woken or not: the net below lost notifications. */
  readonly pollMs: number;
  run(signal: AbortSignal): Promise<void>;
  /** A failed run is told here and tried again after a pause that grows. */
  onError(error: unknown): void;
}

const BACKOFF_FIRST_MS = 50;
/** Whatever waits is to go on within two seconds of the end of what made it fail. */
const BACKOFF_LAST_MS = 1_000;

/** Work that a notification asks for and a timer makes sure of. Never two runs at once; disposing waits for the last. */
export function createWakeableLoop({ pollMs, run, onError }: WakeableLoopOptions): WakeableLoop {
  const stopping = new AbortController();
  let woken = Promise.withResolvers<void>();

  async function loop() {
    let failures = 0;
    while (!stopping.signal.aborted) {
      woken = Promise.withResolvers<void>();
      try {
        await run(stopping.signal);
        failures = 0;
      } catch (error) {
        if (stopping.signal.aborted) return;
        onError(error);
        await pause(Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** failures++));
        continue;
      }
      const timer = setTimeout(woken.resolve, pollMs);
      await woken.promise;
      clearTimeout(timer);
    }
  }

  async function pause(ms: number) {
    await delay(ms, undefined, { signal: stopping.signal }).catch(() => {});
  }

  const finished = loop();
  // A loop that has ended does its work never again, and its service would go on as if it did: that ends the process. A
  // request's forgotten rejection does not, see process/run-process.ts.
  finished.catch((error: unknown) =>
    setImmediate(() => {
      throw error;
    }),
  );
  return {
    wake: () => woken.resolve(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      woken.resolve();
      await finished;
    },
  };
}
