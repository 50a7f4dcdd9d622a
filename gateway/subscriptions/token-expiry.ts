import type { ForwardedHeaders } from '#gateway/upstream/upstream.ts';

/**
 * When the bearer token in `authorization` expires, in ms since the epoch; Infinity without a readable `exp`. Only tells
 * when to end a stream: whether the token is genuine is for the subgraphs to say.
 */
export function tokenExpiry(headers: ForwardedHeaders): number {
  const [scheme = '', token = ''] = (headers['authorization'] ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer') return Infinity;
  const claims = token.split('.')[1];
  if (claims === undefined) return Infinity;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString());
    if (typeof parsed !== 'object' || parsed === null || !('exp' in parsed)) return Infinity;
    return typeof parsed.exp === 'number' ? parsed.exp * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}
