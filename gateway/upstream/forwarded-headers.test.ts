import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forwardHeaders, identityOf } from './forwarded-headers.ts';

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
