// Operations that wait to be planned, and whose turn it is. Clients take turns, however much each of them asks for.
import { LRUCache } from 'lru-cache';
import type { Asker } from '#gateway/planning/asker.ts';

export interface WaitingJob {
  readonly asker: Asker;
  /** Estimate of the memory that it holds. */
  readonly bytes: number;
  /** Before all others: without it nothing can be planned. */
  readonly urgent: boolean;
}

export interface WaitingJobs<T extends WaitingJob> extends Iterable<T> {
  readonly size: number;
  /**
   * False when there is no room for it. One client has half of the room at most. Where others have filled it, whoever has
   * the most in it makes room for one who has less.
   *
   * @param crowdedOut is told which job had to go for it
   */
  add(job: T, crowdedOut: (job: T) => void): boolean;
  /** Takes it out again. False when it is not in here. */
  remove(job: T): boolean;
  /** Takes out the job whose turn it is, of those whose client may go on. */
  take(mayGoOn: (client: string | undefined) => boolean): T | undefined;
  /** Another client waits for a job, which counts for the one of them that has its turn first. */
  join(asker: Asker, client: string | undefined): void;
  /** What this client asks for takes too long: for a while it comes after all others. */
  putBehind(client: string | undefined): void;
  isBehind(client: string | undefined): boolean;
}

const BEHIND_MS = 30_000;
/** Whose last turn is remembered, and who is behind. */
const CLIENTS = 1_000;

/** @param maxBytes of all jobs together */
export function createWaitingJobs<T extends WaitingJob>(maxJobs: number, maxBytes: number): WaitingJobs<T> {
  /** In the order they came, which is that of one client's. There are few, and whoever plans has time. */
  const jobs = new Set<T>();
  let bytes = 0;
  let turn = 0;
  /** The number of each client's last turn. */
  const turns = new LRUCache<string, number>({ max: CLIENTS });
  const behind = new LRUCache<string, true>({ max: CLIENTS, ttl: BEHIND_MS });
  const nameOf = (client: string | undefined) => (client === undefined ? '' : `client ${client}`);

  const isBehind = (client: string | undefined) => client !== undefined && behind.has(nameOf(client));

  function goesBefore(one: string | undefined, other: string | undefined): boolean {
    if (isBehind(one) !== isBehind(other)) return !isBehind(one);
    return (turns.get(nameOf(one)) ?? 0) < (turns.get(nameOf(other)) ?? 0);
  }

  function remove(job: T): boolean {
    if (!jobs.delete(job)) return false;
    bytes -= job.bytes;
    return true;
  }

  function heldBy(client: string | undefined): { readonly count: number; readonly bytes: number } {
    const held = { count: 0, bytes: 0 };
    for (const job of jobs) {
      if (job.asker.client !== client) continue;
      held.count += 1;
      held.bytes += job.bytes;
    }
    return held;
  }

  /**
   * The last job of whoever has the most waiting, if that is more than `client` would have with one more. The gateway itself,
   * which asks for one after the other, always finds room.
   */
  function superfluous(client: string | undefined): T | undefined {
    const counts = new Map<string | undefined, number>();
    for (const job of jobs) counts.set(job.asker.client, (counts.get(job.asker.client) ?? 0) + 1);
    let most = client === undefined ? 0 : (counts.get(client) ?? 0) + 1;
    let last: T | undefined;
    for (const job of jobs) {
      const count = counts.get(job.asker.client) ?? 0;
      if (job.urgent || job.asker.client === client || count < most || (last === undefined && count === most))
        continue;
      most = count;
      last = job;
    }
    return last;
  }

  const isRoomFor = (job: T) => jobs.size < maxJobs && bytes + job.bytes <= maxBytes;

  function isTooMuchForOne({ asker: { client }, bytes: added }: T): boolean {
    if (client === undefined) return false;
    const held = heldBy(client);
    return held.count >= Math.max(1, maxJobs / 2) || held.bytes + added > maxBytes / 2;
  }

  return {
    get size() {
      return jobs.size;
    },
    [Symbol.iterator]: () => jobs.values(),
    add(job, crowdedOut) {
      if (isTooMuchForOne(job)) return false;
      while (!isRoomFor(job)) {
        const last = superfluous(job.asker.client);
        if (last === undefined) return false;
        remove(last);
        crowdedOut(last);
      }
      jobs.add(job);
      bytes += job.bytes;
      return true;
    },
    remove,
    take(mayGoOn) {
      let first: T | undefined;
      for (const job of jobs) {
        const { client } = job.asker;
        if (job.urgent) {
          first = job;
          break;
        }
        if ((first === undefined || goesBefore(client, first.asker.client)) && mayGoOn(client)) first = job;
      }
      if (first === undefined) return undefined;
      remove(first);
      turns.set(nameOf(first.asker.client), (turn += 1));
      return first;
    },
    join(asker, client) {
      if (goesBefore(client, asker.client)) asker.client = client;
    },
    putBehind(client) {
      if (client !== undefined) behind.set(nameOf(client), true);
    },
    isBehind,
  };
}
