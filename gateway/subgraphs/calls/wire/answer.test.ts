import { expect, test } from 'vitest';
import { readAnswer } from './answer.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json';
const read = (status: number, contentType: string, body: unknown) =>
  readAnswer('shop', {
    status,
    contentType,
    builtInLeaves: false,
    text: typeof body === 'string' ? body : JSON.stringify(body),
  });

test.each([
  [200, JSON_TYPE, { data: { a: 1 } }],
  [200, 'Application/JSON', { data: null, errors: [{ message: 'no' }] }],
  [200, GRAPHQL_TYPE, { data: { a: 0 }, extensions: { cursor: 3 } }],
  [400, GRAPHQL_TYPE, { errors: [{ message: 'no' }] }],
])('%i with %s and a GraphQL answer is taken as it is', (status, type, body) => {
  expect(read(status, type, body)).toEqual(body);
});

test('data under a failed status is not trusted, unless the media type vouches for it', () => {
  expect(() => read(502, JSON_TYPE, { data: { a: 1 } })).toThrow(
    expect.objectContaining({ code: 'SUBGRAPH_HTTP_ERROR', status: 502 }),
  );
  expect(read(500, GRAPHQL_TYPE, { data: { a: 1 } })).toEqual({ data: { a: 1 } });
});

test('errors under a failed status are passed on, typed, with the code they have', () => {
  const errors = [{ message: 'no' }, { message: 'who?', extensions: { code: 'UNAUTHENTICATED' } }];
  expect(read(401, JSON_TYPE, { errors })).toEqual({
    data: null,
    errors: [
      { message: 'no', extensions: { code: 'SUBGRAPH_HTTP_ERROR' } },
      { message: 'who?', extensions: { code: 'UNAUTHENTICATED' } },
    ],
  });
});

test.each([
  ['no JSON', '<html>'],
  ['a list', []],
  ['null', 'null'],
  ['neither data nor errors', { status: 'ok' }],
  ['data that is a list', { data: [] }],
  ['errors that are none', { errors: ['no'] }],
  ['errors that are no list', { errors: 'no' }],
])('%s is no answer', (_what, body) => {
  expect(() => read(200, JSON_TYPE, body)).toThrow(
    expect.objectContaining({ code: 'SUBGRAPH_BAD_RESPONSE' }),
  );
});

test('"errors": null, which the specification does not allow and servers send, is none', () => {
  expect(read(200, JSON_TYPE, { data: { a: 1 }, errors: null }).errors).toBeUndefined();
});

test.each(['', 'text/html', 'application/jsonp'])('content type %j is refused', (type) => {
  expect(() => read(200, type, { data: {} })).toThrow(
    expect.objectContaining({ code: 'SUBGRAPH_BAD_RESPONSE' }),
  );
  expect(() => read(503, type, { data: {} })).toThrow(
    expect.objectContaining({ code: 'SUBGRAPH_HTTP_ERROR', status: 503 }),
  );
});

test.each([
  ['path: null', { message: 'no', path: null }, { message: 'no' }],
  ['a path that is a string', { message: 'no', path: 'a.b' }, { message: 'no' }],
  ['a path that is a number', { message: 'no', path: 5 }, { message: 'no' }],
  ['a path that is an object', { message: 'no', path: { a: 1 } }, { message: 'no' }],
  ['indexes as strings', { message: 'no', path: ['a', '1', 'b'] }, { message: 'no', path: ['a', 1, 'b'] }],
  ['a path that is odd below', { message: 'no', path: ['a', {}, 'b'] }, { message: 'no', path: ['a'] }],
  ['no message', { path: ['a'] }, { message: 'an error without a message', path: ['a'] }],
  ['a message that is no text', { message: { a: 1 } }, { message: 'an error without a message' }],
  ['extensions that are none', { message: 'no', extensions: 'x' }, { message: 'no' }],
  [
    'extensions nested by the thousand',
    { message: 'no', extensions: { a: JSON.parse('['.repeat(10_000) + ']'.repeat(10_000)) } },
    { message: 'no' },
  ],
])('an error with %s takes no data away', (_what, error, expected) => {
  for (const type of [JSON_TYPE, GRAPHQL_TYPE])
    expect(read(200, type, { data: { a: 1 }, errors: [error] })).toEqual({
      data: { a: 1 },
      errors: [expected],
    });
});

test.each(['no', 5, true, ['no'], [null], [[]]])('errors that are %j take no data away', (errors) => {
  expect(read(200, JSON_TYPE, { data: { a: 1 }, errors })).toMatchObject({
    data: { a: 1 },
    errors: [{ extensions: { code: 'SUBGRAPH_BAD_RESPONSE' } }],
  });
});

test('an odd error among sound ones takes none of them away', () => {
  const errors = [{ message: 'one', path: ['a'] }, 'two', { message: 'three' }];
  expect(read(200, JSON_TYPE, { data: { a: 1 }, errors }).errors).toEqual([errors[0], errors[2]]);
});
