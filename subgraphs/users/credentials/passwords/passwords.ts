import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { COMMON_LANE, createTurns, type Lane } from './turns.ts';

/** OWASP Password Storage Cheat Sheet: Argon2id (the library's default variant), 19 MiB, two passes, one lane. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** libuv has four threads by default; one is left for name look-ups and files. */
const DEFAULT_AT_ONCE = Math.min(3, availableParallelism());
/** Some second of work on two cores; who comes after would wait in vain. */
const DEFAULT_WAITING = 50;

/** Hashes and checks passwords, a bounded number at once, for each takes 19 MiB and a processor for some 25 ms. */
export interface Passwords {
  /**
   * The Argon2id hash, in the PHC string format.
   * @param first runs in the same turn; what it throws refuses the password. For work that is as hard as the hash.
   */
  hash(password: string, lane?: Lane, first?: () => Promise<void>): Promise<string>;
  /**
   * Takes equally long where there is no account (`null`), and answers false.
   * @param first as for `hash`: what it counts is counted only of those who found room.
   */
  verify(password: string, hash: string | null, lane?: Lane, first?: () => Promise<void>): Promise<boolean>;
}

/** Both methods refuse with TRY_AGAIN_LATER while `waiting` others wait for their turn, or as many of their lane as may. */
export async function createPasswords({
  atOnce = DEFAULT_AT_ONCE,
  waiting = DEFAULT_WAITING,
} = {}): Promise<Passwords> {
  const inTurn = createTurns(atOnce, waiting);
  const hashOfNobody = await hash('nobody has this password', ARGON2ID);
  return {
    hash: (password, lane = COMMON_LANE, first) =>
      inTurn(lane, async () => {
        await first?.();
        return hash(normalised(password), ARGON2ID);
      }),
    verify: (password, stored, lane = COMMON_LANE, first) =>
      inTurn(lane, async () => {
        await first?.();
        return (await verify(stored ?? hashOfNobody, normalised(password))) && stored !== null;
      }),
  };
}

/** Keyboards differ in how they compose the same letter (NIST SP 800-63B, 5.1.1.2). */
export function normalised(password: string): string {
  return password.normalize('NFKC');
}
