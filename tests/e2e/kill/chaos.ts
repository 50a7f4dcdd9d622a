import type { Random } from '#tests/oracle/random.ts';
import type { TestSystem } from '#tests/support/system.ts';
import type { ServiceName } from '#system/start/system.ts';
import type { Follower } from './follower.ts';
import { pauseUnless } from './shop.ts';

const LONGEST_CALM_MS = 3_000;
const CUT_EVERY_MS = 150;
const CUT_AT_MOST = 5;

/** Ends a service, with and without grace, again and again: up for a while, or killed before it is. Returns how often. */
export async function killAgainAndAgain(
  system: TestSystem,
  service: ServiceName,
  random: Random,
  over: AbortSignal,
): Promise<number> {
  let kills = 0;
  for (;;) {
    await pauseUnless(over, random.below(LONGEST_CALM_MS));
    if (over.aborted) return kills;
    const signal = random.pick(['SIGKILL', 'SIGTERM'] as const);
    kills += 1;
    const restarted = system.restart(service, signal);
    if (random.chance(20)) {
      // Once more while it ends or starts; its restart is what is waited for then.
      await pauseUnless(over, random.below(1_000));
      system.kill(service);
      kills += 1;
    }
    await restarted;
  }
}

/** Destroys connections of a few clients at a time. Returns how many. */
export async function cutAgainAndAgain(
  followers: readonly Follower[],
  random: Random,
  over: AbortSignal,
): Promise<number> {
  let cuts = 0;
  for (;;) {
    await pauseUnless(over, random.below(2 * CUT_EVERY_MS));
    if (over.aborted) return cuts;
    for (let most = 1 + random.below(CUT_AT_MOST); most > 0 && followers.length > 0; most -= 1) {
      if (random.pick(followers).cut()) cuts += 1;
    }
  }
}
