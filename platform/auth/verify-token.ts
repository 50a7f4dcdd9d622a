import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { unauthenticated } from '#platform/errors/graphql-errors.ts';
import { ANONYMOUS, type Actor, type Role } from './actor.ts';

export const TOKEN_ISSUER = 'ordergraph';
export const TOKEN_AUDIENCE = 'ordergraph-api';
export const TOKEN_ALGORITHM = 'EdDSA';

const ROLES: readonly string[] = ['CUSTOMER', 'STAFF', 'ADMIN'] satisfies Role[];

/** Turns an Authorization header into an actor. No header: anonymous. A header that does not hold: throws UNAUTHENTICATED. */
export type VerifyToken = (authorization: string | undefined) => Promise<Actor>;

/** Verifies by the public keys at `jwksUrl` (RFC 7517), fetched when first needed and kept; a new key id makes it look again. */
export function createTokenVerifier(jwksUrl: string): VerifyToken {
  return createTokenVerifierFrom(createRemoteJWKSet(new URL(jwksUrl), { cooldownDuration: 5_000 }));
}

export function createTokenVerifierFrom(keys: JWTVerifyGetKey): VerifyToken {
  return async (authorization) => {
    if (authorization === undefined || authorization === '') return ANONYMOUS;
    const [scheme, token] = authorization.split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined)
      throw unauthenticated('The Authorization header must read: Bearer <access token>.');
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        algorithms: [TOKEN_ALGORITHM],
        requiredClaims: ['sub', 'exp'],
      });
      const roles = Array.isArray(payload['roles'])
        ? (payload['roles'].filter((role) => ROLES.includes(role)) as Role[])
        : [];
      return {
        kind: 'user',
        userId: payload.sub as string,
        roles,
        ...(typeof payload['sid'] === 'string' && { sessionId: payload['sid'] }),
        expiresAt: new Date((payload.exp as number) * 1000),
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw unauthenticated('The access token has expired: refresh the session.');
      // Only what the token itself got wrong is the client's to mend; keys that cannot be fetched are ours.
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
      throw unauthenticated('The access token is not valid.');
    }
  };
}
