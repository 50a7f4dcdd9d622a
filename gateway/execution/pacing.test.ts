import { expect, test } from 'vitest';
import { createPacing } from './pacing.ts';

/** Keeps the event loop busy, without a pause, until stopped. */
function keepBusy(): Disposable {
  let stopped = false;
  const turn = () => {
    const until = performance.now() + 2;
    while (performance.now() < until);
    if (!stopped) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    [Symbol.dispose]: () => {
      stopped = true;
    },
  };
}

/** Begins so many operations; `begun` has the numbers of those whose turn has come, in that order. */
function begin(pacing: ReturnType<typeof createPacing>, count: number) {
  const begun: number[] = [];
  const all = Array.from({ length: count }, async (_, n) => {
    await pacing.begin();
    begun.push(n);
  });
  return { begun, all: Promise.all(all) };
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

test('with a busy processor sixteen run at once, and each that ends lets the next one in, in order', async () => {
  using _busy = keepBusy();
  const pacing = createPacing({ patienceMs: Infinity });
  const { begun } = begin(pacing, 40);
  await turns(3);
  expect(begun).toEqual(Array.from({ length: 16 }, (_, n) => n));
  for (let ended = 1; ended <= 5; ended += 1) {
    pacing.end();
    await turns(1);
    expect(begun).toEqual(Array.from({ length: 16 + ended }, (_, n) => n));
  }
});

test('operations that only wait for subgraphs keep nobody from beginning', async () => {
  const pacing = createPacing();
  const { begun, all } = begin(pacing, 500);
  await all;
  expect(begun).toEqual(Array.from({ length: 500 }, (_, n) => n));
});

test('a processor that is never idle delays an operation, and does not starve it', async () => {
  using _busy = keepBusy();
  const pacing = createPacing();
  const { begun, all } = begin(pacing, 20);
  await all;
  expect(begun).toHaveLength(20);
});

test('after a rush no more than sixteen run at once again', async () => {
  const pacing = createPacing({ patienceMs: Infinity });
  await begin(pacing, 100).all;
  for (let n = 0; n < 100; n += 1) pacing.end();
  using _busy = keepBusy();
  await turns(2);
  const { begun } = begin(pacing, 20);
  await turns(3);
  expect(begun).toHaveLength(16);
});
