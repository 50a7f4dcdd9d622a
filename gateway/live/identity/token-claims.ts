/**
 * What the bearer token in an `Authorization` value says of itself, if it is a JWT. Nothing of it is verified: whether the
 * token is genuine is for the subgraphs to say.
 */
export function claimsOf(authorization: string): Readonly<Record<string, unknown>> | undefined {
  const [scheme = '', token = ''] = authorization.trim().split(/ +/);
  if (scheme.toLowerCase() !== 'bearer') return undefined;
  const claims = token.split('.')[1];
  if (claims === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString());
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
