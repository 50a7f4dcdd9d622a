import type { ForwardedHeaders } from '#gateway/subgraphs/calls/calls.ts';
import { claimsOf } from './token-claims.ts';

/**
 * When the bearer token in `authorization` expires, in ms since the epoch; Infinity without a readable `exp`. Only tells
 * when to end a stream: whether the token is genuine is for the subgraphs to say.
 */
export function tokenExpiry({ authorization }: ForwardedHeaders): number {
  const exp = authorization === undefined ? undefined : claimsOf(authorization)?.['exp'];
  return typeof exp === 'number' ? exp * 1000 : Infinity;
}
