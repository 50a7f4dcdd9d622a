import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { ConfigError } from '#platform/process/service-settings.ts';
import { readSettings } from './settings.ts';

const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });

function environment(key: string, NODE_ENV: string): NodeJS.ProcessEnv {
  return {
    NODE_ENV,
    PORT: '0',
    GATEWAY_SECRET: 'a secret long enough',
    USERS_JWKS_URL: 'http://127.0.0.1:4001/.well-known/jwks.json',
    USERS_DATABASE_URL: 'postgres://127.0.0.1/users',
    BUS_DATABASE_URL: 'postgres://127.0.0.1/bus',
    USERS_SIGNING_KEY: key,
  };
}

test('a development key signs in development and is refused in production', () => {
  const key = JSON.stringify({ ...jwk, kid: 'dev-1' });
  expect(readSettings(environment(key, 'development')).USERS_SIGNING_KEY.keyId).toBe('dev-1');
  expect(() => readSettings(environment(key, 'production'))).toThrow(
    'USERS_SIGNING_KEY is a development secret',
  );
});

test('a key of its own is taken in production', () => {
  const key = JSON.stringify({ ...jwk, kid: '2026-01' });
  expect(readSettings(environment(key, 'production')).USERS_SIGNING_KEY.keyId).toBe('2026-01');
});

test('a key that cannot be read is refused without showing it', () => {
  const key = JSON.stringify({ ...jwk, x: undefined, kid: '2026-01' });
  let refusal: unknown;
  try {
    readSettings(environment(key, 'production'));
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(ConfigError);
  const { message } = refusal as ConfigError;
  expect(message).toContain('USERS_SIGNING_KEY: must be the JWK of a private Ed25519 key with a kid');
  expect(message).not.toContain(jwk.d);
});
