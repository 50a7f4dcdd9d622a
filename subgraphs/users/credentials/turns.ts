import { Refusal } from '#platform/errors/refusal.ts';

/** Who wants a turn. Lanes take turns; within a lane it is first come, first served. */
export interface Lane {
  readonly name: string;
  readonly waitingAtMost: number;
  /** Still finds room when all others do not. */
  readonly preferred: boolean;
}

/** For those who are nobody in particular. */
export const COMMON_LANE: Lane = {
  name: '',
  waitingAtMost: Number.POSITIVE_INFINITY,
  preferred: false,
};

const RETRY_AFTER_S = 2;

export type InTurn = <Result>(lane: Lane, work: () => Promise<Result>) => Promise<Result>;

/**
 * Runs so many works at once and lets so many wait, a fifth more of the preferred. Who finds no room is refused at once, with
 * TRY_AGAIN_LATER: who waits for longer than a client does is worked for in vain.
 */
export function createTurns(atOnce: number, waitingAtMost: number): InTurn {
  const lanes = new Map<string, (() => void)[]>();
  let running = 0;
  let waiting = 0;

  async function wait({ name, waitingAtMost: ofLane, preferred }: Lane): Promise<void> {
    const queue = lanes.get(name) ?? [];
    const room = preferred ? Math.ceil(waitingAtMost * 1.2) : waitingAtMost;
    if (waiting >= room || queue.length >= ofLane) {
      throw new Refusal('TRY_AGAIN_LATER', 'Too many log-ins at once. Try again in a few seconds.', null, {
        retryAfter: RETRY_AFTER_S,
      });
    }
    waiting++;
    lanes.set(name, queue);
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  /** Hands the turn to the first of the lane whose turn it is, which then goes to the end. */
  function pass(): void {
    for (const [name, queue] of lanes) {
      lanes.delete(name);
      const next = queue.shift();
      if (next === undefined) continue;
      if (queue.length > 0) lanes.set(name, queue);
      waiting--;
      return next();
    }
    running--;
  }

  return async (lane, work) => {
    if (running < atOnce) running++;
    else await wait(lane);
    try {
      return await work();
    } finally {
      pass();
    }
  };
}
