import { describe, expect, test } from 'vitest';
import { decideRefresh, type PresentedToken, REFRESH_TOKEN_LIFE_MS, REPEAT_WINDOW_MS } from './session.ts';

const BORN = new Date('2026-01-01T00:00:00Z');
const after = (ms: number) => new Date(BORN.getTime() + ms);
interface Successor {
  createdAt: Date;
}
const token = (over: Partial<PresentedToken<Successor>> = {}): PresentedToken<Successor> => ({
  expiresAt: after(REFRESH_TOKEN_LIFE_MS),
  usedAt: null,
  session: { endedAt: null },
  unusedSuccessor: null,
  ...over,
});

describe('a refresh token shown to us', () => {
  test('unused: is traded until its last millisecond, and not in the next', () => {
    expect(decideRefresh(token(), after(0)).kind).toBe('TRADE');
    expect(decideRefresh(token(), after(REFRESH_TOKEN_LIFE_MS - 1)).kind).toBe('TRADE');
    expect(decideRefresh(token(), after(REFRESH_TOKEN_LIFE_MS)).kind).toBe('DEAD');
  });

  test('used a moment ago, successor unused: the same request come twice', () => {
    const used = token({ usedAt: after(0), unusedSuccessor: { createdAt: after(0) } });
    expect(decideRefresh(used, after(0))).toEqual({ kind: 'REPEAT', successor: { createdAt: after(0) } });
    expect(decideRefresh(used, after(REPEAT_WINDOW_MS - 1)).kind).toBe('REPEAT');
    expect(decideRefresh(used, after(REPEAT_WINDOW_MS)).kind).toBe('REUSED');
  });

  test('used a moment ago, but its successor is used too: the client had the answer, so this is somebody else', () => {
    expect(decideRefresh(token({ usedAt: after(0) }), after(1)).kind).toBe('REUSED');
  });

  test('used, and expired since: still tells of a second holder', () => {
    expect(decideRefresh(token({ usedAt: after(0) }), after(2 * REFRESH_TOKEN_LIFE_MS)).kind).toBe('REUSED');
  });

  test('of an ended session: dead, whatever else is true of it', () => {
    const session = { endedAt: after(0) };
    expect(decideRefresh(token({ session }), after(1)).kind).toBe('DEAD');
    expect(decideRefresh(token({ session, usedAt: after(0) }), after(1)).kind).toBe('DEAD');
    expect(
      decideRefresh(token({ session, usedAt: after(0), unusedSuccessor: { createdAt: after(0) } }), after(1))
        .kind,
    ).toBe('DEAD');
  });
});
