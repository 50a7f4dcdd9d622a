import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * By how much `count` grew at the most in one turn of this process's event loop while `work` was under way: whoever does
 * more than a little in one keeps everybody else waiting for it.
 */
export async function mostInOneTurn(count: () => number, work: () => Promise<void>): Promise<number> {
  let most = 0;
  let done = false;
  const working = work().finally(() => {
    done = true;
  });
  for (let before = count(); !done; before = count()) {
    await nextTurn();
    most = Math.max(most, count() - before);
  }
  await working;
  return most;
}
