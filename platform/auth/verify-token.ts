import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { serviceUnavailable, unauthenticated } from '#platform/server/errors/graphql-errors.ts';
import { ANONYMOUS, type Actor, type Role } from './actor.ts';
import { createPublicKeys, KeysUnavailableError, marking } from './public-keys.ts';

export const TOKEN_ISSUER = 'ordergraph';
export const TOKEN_AUDIENCE = 'ordergraph-api';
export const TOKEN_ALGORITHM = 'EdDSA';

const ROLES: readonly string[] = ['CUSTOMER', 'STAFF', 'ADMIN'] satisfies Role[];
/** RFC 6750, 2.1, with as many spaces as somebody typed. */
const BEARER = /^bearer +([\w.~+/-]+=*) *$/i;
/** Ours have some 500 characters. Over WebSocket no limit of HTTP's holds for them. */
const TOKEN_AT_MOST = 4_096;

/**
 * Turns an Authorization header into an actor. No header: anonymous. A header that does not hold: throws UNAUTHENTICATED.
 * While the keys cannot be had: throws SERVICE_UNAVAILABLE, which is worth another try. Nothing is kept of a token.
 */
export type VerifyToken = (authorization: string | undefined) => Promise<Actor>;

/** Verifies by the public keys at `jwksUrl`: see {@link createPublicKeys}. */
export function createTokenVerifier(jwksUrl: string, now?: () => number): VerifyToken {
  return createTokenVerifierFrom(createPublicKeys(jwksUrl, now));
}

export function createTokenVerifierFrom(keys: JWTVerifyGetKey): VerifyToken {
  const getKey = marking(keys);
  return async (authorization) => {
    if (authorization === undefined || authorization === '') return ANONYMOUS;
    const [, token] = authorization.length > TOKEN_AT_MOST ? [] : (BEARER.exec(authorization) ?? []);
    if (token === undefined)
      throw unauthenticated('The Authorization header must read: Bearer <access token>.');
    try {
      const { payload } = await jwtVerify(token, getKey, {
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        algorithms: [TOKEN_ALGORITHM],
        requiredClaims: ['sub', 'exp'],
      });
      return actorOf(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw unauthenticated('The access token has expired: refresh the session.');
      // Only what the token itself got wrong is the client's to mend; keys that cannot be fetched are ours.
      if (error instanceof KeysUnavailableError)
        throw serviceUnavailable(`Access tokens cannot be verified just now (${error.message}): try again.`);
      if (!(error instanceof errors.JOSEError)) throw error;
      throw unauthenticated('The access token is not valid.');
    }
  };
}

function actorOf({ sub, exp, sid, roles }: JWTPayload): Actor {
  if (typeof sub !== 'string' || sub === '' || exp === undefined)
    throw new errors.JWTInvalid('sub or exp is none');
  return {
    kind: 'user',
    userId: sub,
    roles: Array.isArray(roles) ? roles.filter(isRole) : [],
    ...(typeof sid === 'string' && { sessionId: sid }),
    expiresAt: new Date(exp * 1_000),
  };
}

function isRole(role: unknown): role is Role {
  return typeof role === 'string' && ROLES.includes(role);
}
