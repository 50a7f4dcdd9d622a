import { expect, test } from 'vitest';
import { tokenExpiry } from './token-expiry.ts';

const bearer = (claims: unknown) => ({
  authorization: `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`,
});

test('the expiry of a JWT is read in ms, without its signature being looked at', () => {
  expect(tokenExpiry(bearer({ exp: 1_700_000_000 }))).toBe(1_700_000_000_000);
});

test.each([
  {},
  { authorization: '' },
  { authorization: 'Basic dXNlcjpwYXNz' },
  { authorization: 'Bearer opaque' },
  { authorization: 'Bearer a.%%%.c' },
  bearer({}),
  bearer({ exp: 'soon' }),
  bearer(null),
  bearer(7),
])('%j has no expiry that could be read', (headers) => {
  expect(tokenExpiry(headers)).toBe(Infinity);
});
