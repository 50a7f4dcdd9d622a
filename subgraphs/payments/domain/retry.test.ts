import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, callLimitMs } from './retry.ts';

test('pauses double up to a bound, and are spread over the upper half', () => {
  expect([1, 2, 3].map((attempts) => backoffMs('CAPTURE', attempts, 1))).toEqual([100, 200, 400]);
  expect(backoffMs('CAPTURE', 3, 0)).toBe(200);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, random) => {
        expect(backoffMs('VOID', attempts, random)).toBeLessThanOrEqual(60_000);
        expect(backoffMs('AUTHORISE', attempts, random)).toBeLessThanOrEqual(4_000);
      },
    ),
  );
});

test('a call ends with the deadline, but the last one has a second', () => {
  expect(callLimitMs({ providerTimeoutMs: 10_000, untilDeadlineMs: null })).toBe(10_000);
  expect(callLimitMs({ providerTimeoutMs: 10_000, untilDeadlineMs: 30_000 })).toBe(10_000);
  expect(callLimitMs({ providerTimeoutMs: 10_000, untilDeadlineMs: 2_500 })).toBe(2_500);
  expect(callLimitMs({ providerTimeoutMs: 10_000, untilDeadlineMs: -5 })).toBe(1_000);
});
