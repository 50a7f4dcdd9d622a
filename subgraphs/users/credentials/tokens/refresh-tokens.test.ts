import { expect, test } from 'vitest';
import { hashOfToken, newRefreshToken, sealForPredecessor, unseal } from './refresh-tokens.ts';

test('a new token is 256 bits nobody has seen before', () => {
  const tokens = Array.from({ length: 1_000 }, newRefreshToken);
  expect(new Set(tokens).size).toBe(1_000);
  for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
});

test('a token is kept under the SHA-256 of its text', () => {
  const token = 'A'.repeat(43);
  // printf 'A%.0s' {1..43} | sha256sum
  expect(hashOfToken(token).toString('hex')).toBe(
    '0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a',
  );
});

test('only the predecessor opens what was sealed for it', () => {
  const [token, predecessor] = [newRefreshToken(), newRefreshToken()];
  const sealed = sealForPredecessor(token, predecessor);
  expect(unseal(sealed, predecessor)).toBe(token);
  expect(sealed.includes(token)).toBe(false);
  expect(() => unseal(sealed, newRefreshToken())).toThrow('unable to authenticate');
  sealed[0]! ^= 1;
  expect(() => unseal(sealed, predecessor)).toThrow('unable to authenticate');
});
