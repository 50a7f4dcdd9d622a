// How many of the threads one client may hold.
import { LRUCache } from 'lru-cache';
import type { WaitingJob } from './waiting-jobs.ts';

export interface ThreadShares {
  mayTakeOne(client: string | undefined): boolean;
  /** The client that holds all threads there may be, while another waits. */
  crowding(waiting: Iterable<WaitingJob>): string | undefined;
  /** From now on, for a while, the client leaves one thread to others. */
  leaveOne(client: string): void;
}

interface Holder {
  readonly job: WaitingJob | undefined;
  readonly starting: boolean;
}

const LEAVES_ONE_MS = 60_000;
const CLIENTS = 1_000;

/** @param threads as they are at any time; at most `most` */
export function createThreadShares(most: number, threads: ReadonlySet<Holder>): ThreadShares {
  const leaving = new LRUCache<string, true>({ max: CLIENTS, ttl: LEAVES_ONE_MS });
  return {
    mayTakeOne(client) {
      if (client === undefined || !leaving.has(client)) return true;
      let held = 0;
      let idle = 0;
      let starting = false;
      for (const thread of threads) {
        if (thread.starting) starting = true;
        else if (thread.job === undefined) idle += 1;
        else if (thread.job.asker.client === client) held += 1;
      }
      // The one that is left to others is one that is ready.
      return held < Math.max(1, most - 1) && (idle > 1 || !starting);
    },
    crowding(waiting) {
      if (most === 1 || threads.size < most) return undefined;
      const [first] = threads;
      const client = first?.job?.asker.client;
      for (const { job } of threads) if (job?.asker.client !== client) return undefined;
      for (const { asker } of waiting) if (asker.client !== client) return client;
      return undefined;
    },
    leaveOne(client) {
      leaving.set(client, true);
    },
  };
}
