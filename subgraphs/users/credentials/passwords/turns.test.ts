import { expect, test } from 'vitest';
import { createTurns, type Lane } from './turns.ts';

const lane = (name: string, waitingAtMost = 100, preferred = false): Lane => ({
  name,
  waitingAtMost,
  preferred,
});

/** Turns for one at a time, in which each work waits to be let go; `order` tells who had theirs. */
function stage(waiting: number) {
  const inTurn = createTurns(1, waiting);
  const order: string[] = [];
  const doors: (() => void)[] = [];
  const enter = (of: Lane, name = of.name) =>
    inTurn(of, async () => {
      order.push(name);
      await new Promise<void>((resolve) => doors.push(resolve));
    });
  return {
    order,
    enter,
    async letAllGo() {
      for (let turns = 0; turns < 1_000; turns++) {
        doors.shift()?.();
        await Promise.resolve();
      }
    },
  };
}

test('one who sends many waits behind themself, and not others behind them', async () => {
  const { enter, order, letAllGo } = stage(100);
  const all = [enter(lane('first'))];
  for (let n = 1; n <= 4; n++) all.push(enter(lane('many'), `many ${n}`));
  all.push(enter(lane('ada')), enter(lane('grace')));
  await letAllGo();
  await Promise.all(all);
  expect(order).toEqual(['first', 'many 1', 'ada', 'grace', 'many 2', 'many 3', 'many 4']);
});

test('who is preferred waits for one other at most, and takes no more than every second turn', async () => {
  const { enter, order, letAllGo } = stage(100);
  const all = [enter(lane('first'))];
  for (let n = 1; n <= 4; n++) all.push(enter(lane(`network ${n}`)));
  for (let n = 1; n <= 3; n++) all.push(enter(lane(`ada ${n}`, 8, true)));
  await letAllGo();
  await Promise.all(all);
  expect(order).toEqual([
    'first',
    'ada 1',
    'network 1',
    'ada 2',
    'network 2',
    'ada 3',
    'network 3',
    'network 4',
  ]);
});

test('a lane is full before the room is, and the preferred find room when it is', async () => {
  const { enter, letAllGo } = stage(5);
  const first = enter(lane('first'));
  const many = [1, 2, 3, 4].map(() => enter(lane('many', 3)));
  const others = [enter(lane('a')), enter(lane('b')), enter(lane('c')), enter(lane('ada', 3, true))];
  const settled = Promise.allSettled([...many, ...others]);
  await letAllGo();
  await first;
  const outcomes = (await settled).map((outcome) =>
    outcome.status === 'fulfilled' ? 'served' : outcome.reason.code,
  );
  expect(outcomes).toEqual([
    'served',
    'served',
    'served',
    'TRY_AGAIN_LATER',
    'served',
    'served',
    'TRY_AGAIN_LATER',
    'served',
  ]);
});

test('who is refused is told when to come again, and a failed work gives its turn on', async () => {
  const inTurn = createTurns(1, 1);
  const works = [1, 2, 3].map(() => inTurn(lane(''), () => Promise.reject(new Error('broken'))));
  const [first, second, third] = await Promise.allSettled(works);
  expect(first).toMatchObject({ reason: { message: 'broken' } });
  expect(second).toMatchObject({ reason: { message: 'broken' } });
  expect(third).toMatchObject({ reason: { code: 'TRY_AGAIN_LATER', retryAfter: expect.any(Number) } });
  expect(await inTurn(lane(''), async () => 'served')).toBe('served');
});
