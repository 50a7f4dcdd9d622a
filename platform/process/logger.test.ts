import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function logged(value: object): Record<string, unknown> {
  let line = '';
  createLogger('test', 'info', { write: (text) => (line += text) }).error(value, 'failed');
  return JSON.parse(line) as Record<string, unknown>;
}

test('an error is logged with message, stack and causes', () => {
  expect(logged({ error: new Error('outer', { cause: new RangeError('inner') }) })['error']).toMatchObject({
    message: 'outer',
    stack: expect.stringContaining('logger.test.ts'),
    cause: { type: 'RangeError', message: 'inner' },
  });
});

test('a failed query is logged as what it failed of, and without its parameters', () => {
  const error = new DrizzleQueryError(
    'select * from users where email = $1',
    ['ada@example.com'],
    new RangeError('connection lost'),
  );
  const line = logged({ error });
  expect(line['error']).toMatchObject({
    query: 'select * from users where email = $1',
    type: 'RangeError',
    message: 'connection lost',
  });
  expect(JSON.stringify(line)).not.toContain('ada@example.com');
});

test('credentials are not logged', () => {
  const line = JSON.stringify(
    logged({
      input: { password: 'secret-1' },
      headers: { authorization: 'secret-2' },
      order: { paymentMethod: 'secret-3' },
    }),
  );
  expect(line).not.toContain('secret-');
});
