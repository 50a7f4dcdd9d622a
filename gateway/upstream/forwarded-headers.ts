import type { IncomingHttpHeaders } from 'node:http';
import type { ForwardedHeaders } from './upstream.ts';

/** What the gateway itself writes into {@link ForwardedHeaders}, and a client's choice of it wins. */
export const REQUEST_ID_HEADER = 'x-request-id';

const identities = new WeakMap<ForwardedHeaders, string>();
const ANONYMOUS: ForwardedHeaders = Object.freeze({});
identities.set(ANONYMOUS, '');

/**
 * Picks the allow-listed headers of a client. The request id goes along, when it is allow-listed, but one that the
 * gateway made up is no part of the client's identity: otherwise no two requests would ever be alike.
 *
 * @param allowed lower case
 */
export function forwardHeaders(
  incoming: IncomingHttpHeaders,
  allowed: readonly string[],
  requestId?: string,
): ForwardedHeaders {
  const headers: Record<string, string> = {};
  let identity = '';
  for (const name of allowed) {
    const value = incoming[name];
    if (value === undefined) {
      if (name === REQUEST_ID_HEADER && requestId !== undefined) headers[name] = requestId;
      continue;
    }
    const text = typeof value === 'string' ? value : value.join(', ');
    headers[name] = text;
    identity += `${name}: ${text}\n`;
  }
  identities.set(headers, identity);
  return headers;
}

/**
 * A string that is equal for two clients exactly when the subgraphs are told the same of both. Headers that were not
 * made by {@link forwardHeaders} count in full.
 */
export function identityOf(headers: ForwardedHeaders): string {
  let identity = identities.get(headers);
  if (identity === undefined) {
    identity = Object.entries(headers)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}: ${value}\n`)
      .join('');
    identities.set(headers, identity);
  }
  return identity;
}
