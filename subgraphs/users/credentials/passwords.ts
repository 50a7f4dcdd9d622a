import { availableParallelism } from 'node:os';
import { hash, verify } from '@node-rs/argon2';
import { Refusal } from '#platform/errors/refusal.ts';

/** OWASP Password Storage Cheat Sheet: Argon2id (the library's default variant), 19 MiB, two passes, one lane. */
const ARGON2ID = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** libuv has four threads by default; one is left for name look-ups and files. */
const DEFAULT_AT_ONCE = Math.min(3, availableParallelism());
/** Some two seconds of work on two cores; who comes after would wait in vain. */
const DEFAULT_WAITING = 100;

/** Hashes and checks passwords, a bounded number at once, for each takes 19 MiB and a processor for some 25 ms. */
export interface Passwords {
  /** The Argon2id hash, in the PHC string format. */
  hash(password: string): Promise<string>;
  /** Takes equally long where there is no account (`null`), and answers false. */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/** Both methods refuse with TRY_AGAIN_LATER while `waiting` others wait for their turn. */
export async function createPasswords({
  atOnce = DEFAULT_AT_ONCE,
  waiting = DEFAULT_WAITING,
} = {}): Promise<Passwords> {
  const inTurn = createTurns(atOnce, waiting);
  const hashOfNobody = await hash('nobody has this password', ARGON2ID);
  return {
    hash: (password) => inTurn(() => hash(normalised(password), ARGON2ID)),
    verify: (password, stored) =>
      inTurn(async () => (await verify(stored ?? hashOfNobody, normalised(password))) && stored !== null),
  };
}

/** Keyboards differ in how they compose the same letter (NIST SP 800-63B, 5.1.1.2). */
function normalised(password: string): string {
  return password.normalize('NFKC');
}

function createTurns(atOnce: number, waiting: number) {
  const queue: (() => void)[] = [];
  let running = 0;
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running < atOnce) running++;
    else {
      if (queue.length >= waiting)
        throw new Refusal('TRY_AGAIN_LATER', 'Too many log-ins at once. Try again in a few seconds.');
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next === undefined) running--;
      else next(); // takes this turn over
    }
  };
}
