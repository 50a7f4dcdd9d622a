import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair, SignJWT } from 'jose';
import { expect, test, vi } from 'vitest';
import { createTestTokens } from '#tests/support/tokens.ts';
import { type Actor, isStaff, mayReadOf, requireStaff, requireUser } from './actor.ts';
import { createTokenVerifier, createTokenVerifierFrom } from './verify-token.ts';

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
  ['null', () => 'Bearer null'],
  ['undefined', () => 'Bearer undefined'],
  ['two tokens', () => 'Bearer a.b.c d.e.f'],
  ['a line break', () => 'Bearer a.b.c\nd'],
  ['what no header may hold', () => 'Bearer \u0100'],
  ['a megabyte', () => `Bearer ${'a'.repeat(1_000_000)}.b.c`],
  ['a key id that is none', () => `Bearer ${btoa('{"alg":"EdDSA","kid":{"a":[1]}}')}.${btoa('{}')}.AAAA`],
  ['a critical extension', () => `Bearer ${btoa('{"alg":"EdDSA","crit":["x"],"x":1}')}.${btoa('{}')}.AAAA`],
  [
    'keys of its own',
    () => `Bearer ${btoa('{"alg":"EdDSA","jku":"http://127.0.0.1:1","jwk":{}}')}.${btoa('{}')}.AAAA`,
  ],
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

test.each<[string, (signed: SignJWT) => SignJWT]>([
  ['another issuer', (token) => token.setIssuer('somebody')],
  ['no issuer', () => new SignJWT().setAudience('ordergraph-api').setSubject('u').setExpirationTime('1m')],
  ['no end', () => new SignJWT().setIssuer('ordergraph').setAudience('ordergraph-api').setSubject('u')],
  ['nobody', (token) => token.setSubject('')],
  ['a time to come', (token) => token.setNotBefore('5m')],
])('a well-signed token of %s is UNAUTHENTICATED', async (_, change) => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const verify = createTokenVerifierFrom(async () => publicKey);
  const good = () =>
    new SignJWT()
      .setSubject('u')
      .setIssuer('ordergraph')
      .setAudience('ordergraph-api')
      .setExpirationTime('1m');
  const sign = (token: SignJWT) => token.setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
  expect(await verify(`Bearer ${await sign(good())}`)).toMatchObject({ userId: 'u' });
  await expect(verify(`Bearer ${await sign(change(good()))}`)).rejects.toMatchObject({
    extensions: { code: 'UNAUTHENTICATED' },
  });
});

test('the public key is no secret to sign with', async () => {
  const tokens = await createTestTokens();
  const secret = new TextEncoder().encode(JSON.stringify(tokens.jwks.keys[0]));
  const token = await new SignJWT({ roles: ['ADMIN'] })
    .setProtectedHeader({ alg: 'HS256', kid: 'test-key' })
    .setSubject('u')
    .setIssuer('ordergraph')
    .setAudience('ordergraph-api')
    .setExpirationTime('1m')
    .sign(secret);
  await expect(tokens.verifyToken(`Bearer ${token}`)).rejects.toMatchObject({
    extensions: { code: 'UNAUTHENTICATED' },
  });
});

test('as many spaces as one likes, and the scheme in any case', async () => {
  const tokens = await createTestTokens();
  const [, token = ''] = (await tokens.customer('u1')).split(' ');
  for (const header of [`bearer ${token}`, `BEARER   ${token}`, `Bearer ${token}  `])
    expect(await tokens.verifyToken(header)).toMatchObject({ userId: 'u1' });
});

test('keys that cannot be fetched are our fault, not the token’s', async () => {
  const tokens = await createTestTokens();
  const verify = createTokenVerifierFrom(async () => {
    throw new TypeError('fetch failed');
  });
  await expect(verify(await tokens.customer())).rejects.toThrow('fetch failed');
  await expect(verify(await tokens.customer())).rejects.toMatchObject({
    extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true, retryAfter: expect.any(Number) },
  });
});

test('keys once fetched are good while they cannot be fetched again; before, nothing can be said of a token', async () => {
  const tokens = await createTestTokens();
  let status = 503;
  let fetches = 0;
  let clock = 0;
  const server = createServer((_, response) => {
    fetches++;
    response.writeHead(status).end(JSON.stringify(tokens.jwks));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const verify = createTokenVerifier(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
      () => clock,
    );
    const [token, foreign] = [await tokens.customer('u1'), await (await createTestTokens()).customer()];
    const away = { extensions: { code: 'SERVICE_UNAVAILABLE' } };
    await expect(verify(token)).rejects.toMatchObject(away);
    status = 200;
    expect(await verify(token)).toMatchObject({ userId: 'u1' });
    status = 503;
    vi.setSystemTime(Date.now() + 11 * 60_000); // longer than keys are kept, shorter than a token lives
    clock = 11 * 60_000;
    fetches = 0;
    for (const _ of [1, 2, 3]) expect(await verify(token)).toMatchObject({ userId: 'u1' });
    expect(fetches).toBe(1);
    await expect(verify(foreign)).rejects.toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
    const rotated = `Bearer ${token.split(' ')[1]?.replace(/^[^.]+/, Buffer.from('{"alg":"EdDSA","kid":"rotated"}').toString('base64url'))}`;
    await expect(verify(rotated)).rejects.toMatchObject(away);
    // A machine's clock that was set back keeps nobody from looking again.
    vi.setSystemTime(Date.now() - 60_000);
    [status, fetches, clock] = [200, 0, clock + 6_000];
    expect(await verify(token)).toMatchObject({ userId: 'u1' });
    expect(fetches).toBe(1);
  } finally {
    vi.useRealTimers();
    server.close();
  }
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
