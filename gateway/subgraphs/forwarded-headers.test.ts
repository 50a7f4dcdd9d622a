import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CLIENT_ADDRESS_HEADER,
  forwardHeaders,
  identityOf,
  MOST_FORWARDED_BYTES,
} from './forwarded-headers.ts';

const ALLOWED = ['authorization', 'accept-language', 'x-request-id'];

test('only allow-listed headers pass', () => {
  expect(forwardHeaders({ authorization: 'a', cookie: 'c' }, ALLOWED)).toEqual({ authorization: 'a' });
});

test('a request id that was made up goes along and is no part of the identity; one that was sent is', () => {
  const made = forwardHeaders({ authorization: 'a' }, ALLOWED, 'made');
  expect(made['x-request-id']).toBe('made');
  expect(identityOf(made)).toBe(identityOf(forwardHeaders({ authorization: 'a' }, ALLOWED, 'another')));
  const sent = forwardHeaders({ authorization: 'a', 'x-request-id': 'sent' }, ALLOWED, 'sent');
  expect(identityOf(sent)).not.toBe(identityOf(made));
});

test('the client’s address goes along, is the gateway’s word alone, and is no part of the identity', () => {
  const told = forwardHeaders(
    { authorization: 'a', 'x-client-address': '6.6.6.6' },
    ALLOWED,
    undefined,
    '10.0.0.1',
  );
  expect(told[CLIENT_ADDRESS_HEADER]).toBe('10.0.0.1');
  expect(identityOf(told)).toBe(identityOf(forwardHeaders({ authorization: 'a' }, ALLOWED)));
});

test.each(['a\nb', 'a\r\nx-evil: 1', '\u0100', '\0', '\x7f', '\x1b[0m', '\ud800', '😀'])(
  'a value that no header may have is refused and named: %j',
  (value) => {
    for (const name of ['authorization', 'accept-language'])
      expect(() => forwardHeaders({ [name]: value }, ALLOWED)).toThrow(
        expect.objectContaining({
          name: 'UnfitHeaderError',
          statusCode: 400,
          message: expect.stringContaining(name),
        }),
      );
    expect(() => forwardHeaders({ authorization: value }, ALLOWED)).not.toThrow(value);
  },
);

test('values of visible characters, tabs and Latin 1 pass', () => {
  const value = 'Bearer \t~!é\xff';
  expect(forwardHeaders({ authorization: value }, ALLOWED)).toEqual({ authorization: value });
});

test('headers that a subgraph would refuse for their length are refused to the client', () => {
  const length = MOST_FORWARDED_BYTES - 'authorization: \n'.length;
  expect(forwardHeaders({ authorization: 'a'.repeat(length) }, ALLOWED)).toBeDefined();
  expect(() => forwardHeaders({ authorization: 'a'.repeat(length + 1) }, ALLOWED)).toThrow(
    expect.objectContaining({ statusCode: 431 }),
  );
});

test.each(['Authorization', 'close, AUTHORIZATION ,x', ' authorization'])(
  'what “Connection: %s” lists goes no further',
  (connection) => {
    const headers = { connection, authorization: 'a', 'accept-language': 'de' };
    expect(forwardHeaders(headers, ALLOWED)).toEqual({ 'accept-language': 'de' });
    expect(forwardHeaders({ connection: 'cookie', cookie: 'c' }, ['cookie'])).toEqual({});
    expect(forwardHeaders({ ...headers, connection: 'keep-alive' }, ALLOWED)).toMatchObject({
      authorization: 'a',
    });
  },
);

test.each(['a b{}', '', 'x'.repeat(129), 'tab\t', 'é', 'a, b', 'line\nbreak'])(
  'the request id %j is replaced before anybody gets it',
  (unfit) => {
    expect(forwardHeaders({ 'x-request-id': unfit }, ALLOWED, 'made')).toEqual({ 'x-request-id': 'made' });
    expect(forwardHeaders({ 'x-request-id': unfit }, ALLOWED)).toEqual({});
    expect(identityOf(forwardHeaders({ 'x-request-id': unfit }, ALLOWED, 'made'))).toBe('');
  },
);

test('two clients have one identity exactly when all their forwarded headers are equal', () => {
  const value = fc.option(fc.stringMatching(/^[a-z:, ]{0,6}$/), { nil: undefined });
  const client = fc.record({ authorization: value, 'accept-language': value, 'x-request-id': value });
  fc.assert(
    fc.property(client, client, (a, b) => {
      const [left, right] = [forwardHeaders(a, ALLOWED), forwardHeaders(b, ALLOWED)];
      expect(identityOf(left) === identityOf(right)).toBe(JSON.stringify(left) === JSON.stringify(right));
      // The same headers, not made by forwardHeaders: order makes no difference.
      expect(
        identityOf({ ...left }) === identityOf(Object.fromEntries(Object.entries(left).toReversed())),
      ).toBe(true);
    }),
  );
});
