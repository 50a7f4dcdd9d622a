import { expect, test } from 'vitest';
import { tryAgainIn } from './password-attempts.ts';

test('the wait is told in whole minutes and never too short', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const after = (ms: number) => new Date(now.getTime() + ms);
  expect(tryAgainIn(after(15 * 60_000), now)).toBe('in 15 minutes');
  expect(tryAgainIn(after(60_001), now)).toBe('in 2 minutes');
  expect(tryAgainIn(after(60_000), now)).toBe('in 1 minute');
  expect(tryAgainIn(after(0), now)).toBe('in 1 minute');
});
