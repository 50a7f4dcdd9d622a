import { generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createTestTokens } from '#tests/support/tokens.ts';
import { type Actor, isStaff, mayReadOf, requireStaff, requireUser } from './actor.ts';
import { createTokenVerifierFrom } from './verify-token.ts';

test('no header is nobody; a good token is its user with its roles', async () => {
  const tokens = await createTestTokens();
  expect(await tokens.verifyToken(undefined)).toEqual({ kind: 'anonymous' });
  expect(await tokens.verifyToken(await tokens.staff('u1'))).toMatchObject({
    kind: 'user',
    userId: 'u1',
    roles: ['STAFF'],
    expiresAt: expect.any(Date),
  });
});

test.each([
  ['another scheme', () => 'Basic abc'],
  ['no token', () => 'Bearer'],
  ['garbage', () => 'Bearer abc.def.ghi'],
  ['an unsigned token', () => `Bearer ${btoa('{"alg":"none"}')}.${btoa('{"sub":"u1"}')}.`],
])('%s is UNAUTHENTICATED', async (_, header) => {
  const tokens = await createTestTokens();
  await expect(tokens.verifyToken(header())).rejects.toMatchObject({
    extensions: { code: 'UNAUTHENTICATED' },
  });
});

test('a token that has ended, and one signed by somebody else, are UNAUTHENTICATED', async () => {
  const [tokens, others] = await Promise.all([createTestTokens(), createTestTokens()]);
  await expect(tokens.verifyToken(await tokens.bearer({ lifeInSeconds: -1 }))).rejects.toThrow('expired');
  await expect(tokens.verifyToken(await others.staff())).rejects.toMatchObject({
    extensions: { code: 'UNAUTHENTICATED' },
  });
});

test('a token for another audience is UNAUTHENTICATED', async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const verify = createTokenVerifierFrom(async () => publicKey);
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA' })
    .setSubject('u')
    .setIssuer('ordergraph')
    .setAudience('elsewhere')
    .setExpirationTime('1m')
    .sign(privateKey);
  await expect(verify(`Bearer ${token}`)).rejects.toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
});

test('keys that cannot be fetched are our fault, not the token’s', async () => {
  const tokens = await createTestTokens();
  const verify = createTokenVerifierFrom(async () => {
    throw new TypeError('fetch failed');
  });
  await expect(verify(await tokens.customer())).rejects.toThrow('fetch failed');
});

test('roles decide what one may see and do', () => {
  const customer: Actor = { kind: 'user', userId: 'u1', roles: ['CUSTOMER'], expiresAt: new Date() };
  const staff: Actor = { ...customer, roles: ['STAFF'] };
  expect([
    mayReadOf(customer, 'u1'),
    mayReadOf(customer, 'u2'),
    mayReadOf(staff, 'u2'),
    mayReadOf({ kind: 'anonymous' }, 'u1'),
  ]).toEqual([true, false, true, false]);
  expect(isStaff(staff)).toBe(true);
  expect(() => requireUser({ kind: 'anonymous' })).toThrow('Log in first');
  expect(() => requireStaff(customer)).toThrow('STAFF');
});
