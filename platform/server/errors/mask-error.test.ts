import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DatabaseUnavailableError } from '#platform/postgres/failures.ts';
import { maskError, maskErrors } from './mask-error.ts';

/** A logger, and the lines that it has written. */
function writtenLog() {
  const lines: string[] = [];
  return { lines, logger: pino({}, { write: (line) => void lines.push(line) }) };
}

test('one failure that many fields ran into is shown to each and logged once', () => {
  const { lines, logger } = writtenLog();
  const [one, other] = [new Error('broken'), new Error('broken too')];
  const errors = [one, one, other, one].map(
    (originalError, n) => new GraphQLError('shown to nobody', { path: ['f', n], originalError }),
  );
  const told = maskErrors(errors, 'request-1', logger);
  expect(told.map(({ path, extensions }) => [path?.[1], extensions?.['code']])).toEqual(
    [0, 1, 2, 3].map((n) => [n, 'INTERNAL_SERVER_ERROR']),
  );
  expect(JSON.stringify(told)).not.toContain('broken');
  expect(lines).toHaveLength(2);
});

test('an answer tells a bounded number of errors, each in a bounded number of characters', () => {
  const errors = Array.from({ length: 1_500 }, () => new GraphQLError('x'.repeat(5_000)));
  const told = maskErrors(errors, 'request-1', writtenLog().logger);
  expect(told).toHaveLength(1_001);
  expect(told.at(-1)).toEqual({
    message: '500 further errors are left out.',
    extensions: { code: 'TOO_MANY_ERRORS' },
  });
  expect(Math.max(...told.map(({ message }) => message.length))).toBe(1_001);
});

test('of a database that is away each client is told, and the log a few times a second and how many more there were', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { lines, logger } = writtenLog();
  const fail = () => {
    const originalError = new DatabaseUnavailableError('away', 'The database orders cannot be used.');
    return maskError(new GraphQLError('shown to nobody', { originalError }), 'request-1', logger);
  };
  const told = Array.from({ length: 1_000 }, fail);
  expect(new Set(told.map(({ extensions }) => extensions?.['code']))).toEqual(
    new Set(['SERVICE_UNAVAILABLE']),
  );
  expect(lines).toHaveLength(10);
  vi.advanceTimersByTime(1_000);
  fail();
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ kind: 'away', leftOut: 990 });
});
