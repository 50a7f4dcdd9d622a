import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createErrorMask } from './errors.ts';

const silent = pino({ level: 'silent' });
const inProduction = createErrorMask({ production: true }, silent);
const inDevelopment = createErrorMask({ production: false }, silent);

test('production hides what went wrong inside, and keeps where, who and under which id', () => {
  const error = {
    message: 'connect ECONNREFUSED 10.0.0.7:4001',
    path: ['user', 0],
    extensions: { code: 'SUBGRAPH_UNREACHABLE', service: 'users', stacktrace: ['…'] },
  };
  expect(inProduction([error], 'id-1')).toEqual([
    {
      message: 'A service could not be reached.',
      path: ['user', 0],
      extensions: { code: 'SUBGRAPH_UNREACHABLE', service: 'users', requestId: 'id-1' },
    },
  ]);
});

test('production says of a failure that it is worth another try', () => {
  const error = { message: 'away', extensions: { code: 'SUBGRAPH_UNREACHABLE', retryable: true } };
  expect(inProduction([error], 'id')[0]?.extensions).toEqual({
    code: 'SUBGRAPH_UNREACHABLE',
    retryable: true,
    requestId: 'id',
  });
});

test('an error without a code is an internal one', () => {
  expect(inProduction([new GraphQLError('x is not a function')], 'id')).toEqual([
    { message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'id' } },
  ]);
  expect(inDevelopment([{ message: 'x is not a function' }], 'id')).toEqual([
    { message: 'x is not a function', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'id' } },
  ]);
});

test('a refusal meant for clients keeps its message and its details, but no stack trace', () => {
  const error = {
    message: 'Not yours.',
    path: ['order'],
    extensions: { code: 'FORBIDDEN', field: 'id', stacktrace: ['…'], exception: {} },
  };
  expect(inProduction([error], 'id')).toEqual([
    { message: 'Not yours.', path: ['order'], extensions: { code: 'FORBIDDEN', field: 'id' } },
  ]);
  expect(inDevelopment([error], 'id')).toEqual([error]);
});

test('a service that is unavailable for now says so itself, and that one may try again', () => {
  const error = {
    message: 'This service is unavailable at the moment: try again.',
    path: ['placeOrder'],
    extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true, requestId: 'id', service: 'orders' },
  };
  expect(inProduction([error], 'id')).toEqual([error]);
});

test('an answer tells of a hundred errors at most, and none goes on without end', () => {
  const error = { message: `no ${'x'.repeat(1_000_000)}`, path: ['a'], extensions: { code: 'FORBIDDEN' } };
  for (const mask of [inProduction, inDevelopment]) {
    const masked = mask(
      Array.from({ length: 100_000 }, () => error),
      'id',
    );
    expect(masked).toHaveLength(100);
    expect(JSON.stringify(masked).length).toBeLessThan(250_000);
  }
});
