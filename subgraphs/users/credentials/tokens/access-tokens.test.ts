import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { expect, test } from 'vitest';
import { createAccessTokens, readSigningKey } from './access-tokens.ts';

const USER = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  roles: ['CUSTOMER', 'STAFF'] as const,
  sessionId: '01890a5d-ac96-774b-bcce-b302099a8058',
};

function newKey(kid = 'key-1') {
  return { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid };
}

function tokensOf(jwk: object) {
  const key = readSigningKey(JSON.stringify(jwk));
  if (key === null) throw new Error('not a key');
  return createAccessTokens(key);
}

test('an access token says who, in which roles, by which key, for 15 minutes', async () => {
  const now = new Date(Date.now());
  const tokens = tokensOf(newKey());
  const { token, expiresAt } = await tokens.issue(USER, now);
  const iat = Math.floor(now.getTime() / 1_000);
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: 'key-1' });
  expect(decodeJwt(token)).toEqual({
    iss: 'ordergraph',
    aud: 'ordergraph-api',
    sub: USER.id,
    sid: USER.sessionId,
    roles: ['CUSTOMER', 'STAFF'],
    iat,
    exp: iat + 900,
    jti: expect.any(String),
  });
  expect(expiresAt).toEqual(new Date((iat + 900) * 1_000));
  expect(await tokens.verify(`Bearer ${token}`)).toEqual({
    kind: 'user',
    userId: USER.id,
    sessionId: USER.sessionId,
    roles: USER.roles,
    expiresAt,
  });
});

test('a token of another key with the same id does not hold', async () => {
  const { token } = await tokensOf(newKey()).issue(USER, new Date());
  await expect(tokensOf(newKey()).verify(`Bearer ${token}`)).rejects.toMatchObject({
    extensions: { code: 'UNAUTHENTICATED' },
  });
});

test('what is published is the public half of the key and nothing else', () => {
  const key = newKey();
  expect(tokensOf(key).jwks).toEqual({
    keys: [{ kty: 'OKP', crv: 'Ed25519', x: key.x, kid: 'key-1', alg: 'EdDSA', use: 'sig' }],
  });
});

test('what is no private Ed25519 key with an id is not taken', () => {
  const { d: _, ...publicHalf } = newKey();
  const { kid: __, ...nameless } = newKey();
  const ofAnotherCurve = {
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
    kid: 'k',
  };
  const halvesOfTwo = { ...newKey(), x: newKey().x };
  const spoilt = [{ ...newKey(), d: 'short' }, { ...newKey(), kid: '' }, 'text', null];
  const refused = [publicHalf, nameless, ofAnotherCurve, halvesOfTwo, ...spoilt];
  expect(refused.filter((jwk) => readSigningKey(JSON.stringify(jwk)) !== null)).toEqual([]);
  expect(readSigningKey('{')).toBeNull();
});
