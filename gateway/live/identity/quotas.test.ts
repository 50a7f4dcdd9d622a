import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createQuotas, type Place, UNREFUSED_MS } from './quotas.ts';

const tokenOf = (sub: string, login: number, iss = 'shop') => {
  const claims = Buffer.from(JSON.stringify({ iss, sub, login })).toString('base64url');
  return { authorization: `Bearer e30.${claims}.x` };
};

interface Taken {
  readonly place: Place | undefined;
  readonly isOver: boolean;
}

/** A subscription that the subgraph was asked for at once, unless said otherwise. */
function take(quotas: ReturnType<typeof createQuotas>, headers: Record<string, string>, asked = true): Taken {
  const at = Date.now();
  const taken = { place: undefined as Place | undefined, isOver: false };
  taken.place = quotas.take(headers, {
    askedAt: () => (asked ? at : 0),
    over: () => {
      taken.isOver = true;
    },
  });
  return taken;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('one token has so many places, at once', () => {
  const quotas = createQuotas(2);
  const first = take(quotas, tokenOf('ada', 1));
  expect(take(quotas, tokenOf('ada', 1)).place).toBeDefined();
  expect(take(quotas, tokenOf('ada', 1)).place).toBeUndefined();
  first.place?.release();
  first.place?.release();
  expect(take(quotas, tokenOf('ada', 1)).place).toBeDefined();
  expect(take(quotas, tokenOf('ada', 1)).place).toBeUndefined();
});

test('a second log-in has no places of its own: once the first is confirmed it is refused, before that ended soon', () => {
  const quotas = createQuotas(1);
  const first = take(quotas, tokenOf('ada', 1));
  const second = take(quotas, tokenOf('ada', 2));
  expect(second.place).toBeDefined();
  vi.advanceTimersByTime(2 * UNREFUSED_MS);
  expect([first.isOver, second.isOver]).toEqual([false, true]);
  expect(take(quotas, tokenOf('ada', 3)).place).toBeUndefined();
  expect(take(quotas, tokenOf('bob', 1)).place).toBeDefined();
  expect(take(quotas, tokenOf('ada', 1, 'another issuer')).place).toBeDefined();

  first.place?.release();
  const third = take(quotas, tokenOf('ada', 3));
  third.place?.confirm();
  expect(third.place?.confirmed).toBe(true);
});

test('tokens that no subgraph was seen to accept, forged ones perhaps, take no place of their user’s', () => {
  const quotas = createQuotas(2);
  for (let login = 0; login < 50; login += 1) take(quotas, tokenOf('ada', login), false);
  vi.advanceTimersByTime(10 * UNREFUSED_MS);
  const genuine = [take(quotas, tokenOf('ada', 100)), take(quotas, tokenOf('ada', 101))];
  vi.advanceTimersByTime(10 * UNREFUSED_MS);
  for (const { place } of genuine) place?.confirm();
  expect(genuine.map(({ place, isOver }) => [place?.confirmed, isOver])).toEqual([
    [true, false],
    [true, false],
  ]);
});

test('forged tokens that subgraphs refuse, however many and however often, keep nobody out', () => {
  const quotas = createQuotas(1);
  for (let round = 0; round < 20; round += 1) {
    const forged = take(quotas, tokenOf('ada', round));
    vi.advanceTimersByTime(UNREFUSED_MS / 4);
    forged.place?.release();
  }
  const genuine = take(quotas, tokenOf('ada', 100));
  genuine.place?.confirm();
  expect(genuine).toMatchObject({ isOver: false, place: { confirmed: true } });
});

test('a renewed token goes on in the place of the former; another user’s needs a place there', () => {
  const quotas = createQuotas(1);
  const { place } = take(quotas, tokenOf('ada', 1));
  place?.confirm();
  const holder = { askedAt: () => 0, over() {} };
  const renewed = quotas.take(tokenOf('ada', 2), holder, place);
  expect(renewed?.confirmed).toBe(true);
  take(quotas, tokenOf('bob', 1)).place?.confirm();
  expect(quotas.take(tokenOf('bob', 2), holder, renewed)).toBeUndefined();
});

test('callers without a token, and tokens that say nothing, are as before', () => {
  const quotas = createQuotas(1);
  for (let n = 0; n < 3; n += 1) expect(take(quotas, {}).place).toBeDefined();
  expect(take(quotas, { authorization: 'Bearer opaque' }).place?.confirmed).toBe(true);
  expect(take(quotas, { authorization: 'Bearer opaque' }).place).toBeUndefined();
  expect(take(quotas, { authorization: 'Bearer another' }).place).toBeDefined();
});
