import { Refusal } from '#platform/refusal/refusal.ts';

/** Who wants a turn. Lanes take turns; within a lane it is first come, first served. */
export interface Lane {
  readonly name: string;
  readonly waitingAtMost: number;
  /** Has every second turn, whoever else waits, and still finds room when others do not. */
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
  const preferredLanes = new Map<string, (() => void)[]>();
  const otherLanes = new Map<string, (() => void)[]>();
  let preferredNext = true;
  let running = 0;
  let waiting = 0;

  async function wait({ name, waitingAtMost: ofLane, preferred }: Lane): Promise<void> {
    const lanes = preferred ? preferredLanes : otherLanes;
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

  /** Hands the turn to the preferred and to the others by turns. */
  function pass(): void {
    const [first, second] = preferredNext ? [preferredLanes, otherLanes] : [otherLanes, preferredLanes];
    const next = takeFrom(first) ?? takeFrom(second);
    preferredNext = !preferredNext;
    if (next === null) {
      running--;
      return;
    }
    waiting--;
    next();
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

/** The first of the lane whose turn it is, which goes to the end. */
function takeFrom(lanes: Map<string, (() => void)[]>): (() => void) | null {
  for (const [name, queue] of lanes) {
    lanes.delete(name);
    const next = queue.shift();
    if (queue.length > 0) lanes.set(name, queue);
    if (next !== undefined) return next;
  }
  return null;
}
