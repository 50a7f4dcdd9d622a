// When an operation may begin to run.
import { performance } from 'node:perf_hooks';

/**
 * Lets few operations run at once while the processor is what they wait for, and any number otherwise.
 *
 * With a busy processor, what all begins at once only takes turns at every step and holds its answers in memory
 * meanwhile; a few at a time, each is over sooner, and the garbage collector has less to carry along. While the event
 * loop has time to spare, operations wait for subgraphs instead, and more of them may begin.
 */
export interface Pacing {
  /** `undefined` when an operation may begin at once, else a promise of its turn. First come, first served. */
  begin(): Promise<void> | undefined;
  /** An operation has ended. */
  end(): void;
}

/** Enough to keep a processor busy while each waits for its subgraphs; measured beside 4, 6, 8 and no bound at all. */
const AT_ONCE = 16;
/** How often to look whether the event loop has time to spare, while operations wait. */
const LOOK_EVERY_MS = 1;
/** The share of the time that counts as time to spare. */
const SPARE = 0.2;
/** Who has waited for so long begins whatever else goes on: the processor may be busy with something that never ends. */
const PATIENCE_MS = 100;

interface Waiting {
  readonly since: number;
  readonly begin: () => void;
}

export function createPacing({ patienceMs = PATIENCE_MS } = {}): Pacing {
  /** In the order they came. */
  const waiting = new Set<Waiting>();
  let running = 0;
  let looking = false;
  let last = performance.eventLoopUtilization();

  /** Lets as many of the waiting begin, and returns how many there were. */
  function release(most: number): number {
    let released = 0;
    for (const operation of waiting) {
      if (released === most) break;
      waiting.delete(operation);
      released += 1;
      operation.begin();
    }
    return released;
  }

  function look(): void {
    const [first] = waiting;
    if (first === undefined) {
      looking = false;
      return;
    }
    const now = performance.eventLoopUtilization();
    const idle = now.idle - last.idle;
    const active = now.active - last.active;
    last = now;
    if (idle > SPARE * (idle + active)) running += release(running);
    else if (performance.now() - first.since > patienceMs) running += release(1);
    setTimeout(look, LOOK_EVERY_MS);
  }

  return {
    begin() {
      if (running < AT_ONCE) {
        running += 1;
        return undefined;
      }
      if (!looking) {
        looking = true;
        last = performance.eventLoopUtilization();
        setTimeout(look, LOOK_EVERY_MS);
      }
      return new Promise((begin) => waiting.add({ since: performance.now(), begin }));
    },
    end() {
      // What ends makes room for one, unless more are running than a busy processor should have.
      running -= 1;
      if (running < AT_ONCE) running += release(1);
    },
  };
}
