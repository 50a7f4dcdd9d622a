import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, SignJWT } from 'jose';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import type { Role } from '#platform/auth/actor.ts';
import {
  createTokenVerifierFrom,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  type VerifyToken,
} from '#platform/auth/verify-token.ts';

export const ACCESS_TOKEN_LIFE_MS = 15 * 60_000;

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

const privateJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  d: z.string(),
  x: z.string(),
  kid: z.string().min(1),
});

/**
 * Reads a private Ed25519 key from the JSON text of its JWK (RFC 8037), which must have a `kid`. Null for anything else;
 * says no more, so that no part of a key ends up in a message.
 */
export function readSigningKey(json: string): SigningKey | null {
  try {
    const jwk = privateJwk.parse(JSON.parse(json));
    return { keyId: jwk.kid, privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) };
  } catch {
    return null;
  }
}

/** Signs access tokens, and verifies them by the same key without asking over the network. */
export interface AccessTokens {
  /** A JWT (RFC 7519) with sub, sid, roles, iat, exp and jti. Ends 15 minutes after `now`, to the second. */
  issue(
    holder: { id: string; roles: readonly Role[]; sessionId: string },
    now: Date,
  ): Promise<{ token: string; expiresAt: Date }>;
  readonly verify: VerifyToken;
  /** The public key alone (RFC 7517): what others verify by. */
  readonly jwks: JSONWebKeySet;
}

export function createAccessTokens({ keyId, privateKey }: SigningKey): AccessTokens {
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' });
  const jwks = { keys: [{ ...publicJwk, kty: 'OKP', kid: keyId, alg: TOKEN_ALGORITHM, use: 'sig' }] };
  return {
    async issue(holder, now) {
      const issuedAtS = Math.floor(now.getTime() / 1_000);
      const expiresAtS = issuedAtS + ACCESS_TOKEN_LIFE_MS / 1_000;
      const token = await new SignJWT({ roles: [...holder.roles], sid: holder.sessionId })
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: keyId })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(TOKEN_AUDIENCE)
        .setSubject(holder.id)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(expiresAtS)
        .setJti(uuidv7())
        .sign(privateKey);
      return { token, expiresAt: new Date(expiresAtS * 1_000) };
    },
    verify: createTokenVerifierFrom(createLocalJWKSet(jwks)),
    jwks,
  };
}
