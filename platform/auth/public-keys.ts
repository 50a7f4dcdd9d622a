import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';

/** An unknown key id makes us look again, at most this often: anybody can make one up. */
const LOOK_AGAIN_MS = 5_000;
const FETCH_TIMEOUT_MS = 2_000;

/** The keys are not to be had. That is nothing that a token got wrong. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

/**
 * The public keys at `jwksUrl` (RFC 7517), fetched when first needed, kept for ten minutes, and longer while they cannot be
 * fetched: those who issue tokens may be away for a while without anybody else being so.
 * @param now milliseconds of a clock that never goes back
 */
export function createPublicKeys(jwksUrl: string, now = () => performance.now()): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(jwksUrl), {
    cooldownDuration: LOOK_AGAIN_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
  });
  let failedAt = Number.NEGATIVE_INFINITY;

  return async (header, token) => {
    const known = remote.jwks();
    if (known === undefined || now() - failedAt > LOOK_AGAIN_MS) {
      try {
        return await remote(header, token);
      } catch (error) {
        if (isAboutTheToken(error)) throw error;
        failedAt = now();
        if (known === undefined) throw unavailable(error);
      }
    }
    try {
      return await createLocalJWKSet(known)(header, token);
    } catch (error) {
      // It may be signed by a key that we could not hear of.
      if (error instanceof errors.JWKSNoMatchingKey) throw unavailable(error);
      throw error;
    }
  };
}

/** The same keys, whatever they throw about themselves marked as such. */
export function marking(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      throw isAboutTheToken(error) || error instanceof KeysUnavailableError ? error : unavailable(error);
    }
  };
}

function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function unavailable(cause: unknown): KeysUnavailableError {
  return new KeysUnavailableError(cause instanceof Error ? cause.message : String(cause), { cause });
}
