import { createLocalJWKSet, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { uuidv7 } from 'uuidv7';
import type { Role } from '#platform/auth/actor.ts';
import {
  createTokenVerifierFrom,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  type VerifyToken,
} from '#platform/auth/verify-token.ts';

const KEY_ID = 'test-key';
const TOKEN_LIFE_S = 15 * 60;

/** Who a token speaks for. What is left out is a valid token of a new customer. */
export interface TestClaims {
  /** A user's id; a new UUIDv7 unless given. */
  readonly sub?: string;
  readonly roles?: readonly Role[];
  /** Seconds from now until the token ends; negative for one that has ended. */
  readonly lifeInSeconds?: number;
}

/** Access tokens as the users service signs them, by a key of this test's own. */
export interface TestTokens {
  /** Accepts what this object signs and nothing else: hand it to the subgraph under test. */
  readonly verifyToken: VerifyToken;
  /** The public half (RFC 7517), for a test that serves a JWKS endpoint of its own. */
  readonly jwks: { keys: JWK[] };
  /** The value of an Authorization header, `Bearer …`; `id` is the customer's, a new UUIDv7 unless given. */
  customer(id?: string): Promise<string>;
  staff(id?: string): Promise<string>;
  admin(id?: string): Promise<string>;
  /** Any other token, such as one that has ended. */
  bearer(claims: TestClaims): Promise<string>;
}

export async function createTestTokens(): Promise<TestTokens> {
  const { publicKey, privateKey } = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519' });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: TOKEN_ALGORITHM, use: 'sig' }] };

  async function bearer({ sub = uuidv7(), roles = ['CUSTOMER'], lifeInSeconds = TOKEN_LIFE_S }: TestClaims) {
    const nowInSeconds = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({ roles })
      .setProtectedHeader({ alg: TOKEN_ALGORITHM, kid: KEY_ID })
      .setIssuer(TOKEN_ISSUER)
      .setAudience(TOKEN_AUDIENCE)
      .setSubject(sub)
      .setJti(uuidv7())
      .setIssuedAt(nowInSeconds)
      .setExpirationTime(nowInSeconds + lifeInSeconds)
      .sign(privateKey);
    return `Bearer ${token}`;
  }

  return {
    verifyToken: createTokenVerifierFrom(createLocalJWKSet(jwks)),
    jwks,
    bearer,
    customer: (sub = uuidv7()) => bearer({ sub, roles: ['CUSTOMER'] }),
    staff: (sub = uuidv7()) => bearer({ sub, roles: ['STAFF'] }),
    admin: (sub = uuidv7()) => bearer({ sub, roles: ['ADMIN'] }),
  };
}
