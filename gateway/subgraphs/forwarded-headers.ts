import { type IncomingHttpHeaders, maxHeaderSize } from 'node:http';
import type { ForwardedHeaders } from './calls/calls.ts';

/** What the gateway itself writes into {@link ForwardedHeaders}, and a client's choice of it wins. */
export const REQUEST_ID_HEADER = 'x-request-id';
/** What the gateway alone writes into {@link ForwardedHeaders}: where the client is. */
export const CLIENT_ADDRESS_HEADER = 'x-client-address';

/** What may safely stand in logs and headers, and is no longer than any usual id. */
const FIT_REQUEST_ID = /^[\w.:/+=@-]{1,128}$/;
/** RFC 9110, 5.5: visible characters, spaces and tabs, and the upper half of Latin 1. */
const UNFIT_CHARACTER = /[^\t\x20-\x7e\x80-\xff]/;
/** A subgraph on Node reads 16 KiB of headers. The gateway's own need some of it. */
const OWN_BYTES = 1024;
export const MOST_FORWARDED_BYTES = maxHeaderSize - OWN_BYTES;
/** Nearly every request has one of these, which name no header. */
const USUAL_CONNECTIONS = new Set(['keep-alive', 'close', 'Upgrade', 'keep-alive, Upgrade']);

/** A client's header cannot be sent on to a subgraph. Its message is for the client, and quotes no value. */
export class UnfitHeaderError extends Error {
  override readonly name = 'UnfitHeaderError';
  readonly statusCode: 400 | 431;

  constructor(message: string, statusCode: 400 | 431) {
    super(message);
    this.statusCode = statusCode;
  }
}

const identities = new WeakMap<ForwardedHeaders, string>();
const ANONYMOUS: ForwardedHeaders = Object.freeze({});
identities.set(ANONYMOUS, '');

/**
 * Picks the allow-listed headers of a client. Those that its `Connection` header names are between it and the gateway.
 * What the gateway adds of its own is no part of the client's identity: otherwise no two requests would ever be alike.
 *
 * @param allowed lower case
 * @param requestId goes along when it is allow-listed and the client sent none that is fit
 * @param clientAddress goes along whatever the client says
 * @throws {UnfitHeaderError} when a value cannot be a header's, or all of them are too long
 */
export function forwardHeaders(
  incoming: IncomingHttpHeaders,
  allowed: readonly string[],
  requestId?: string,
  clientAddress?: string,
): ForwardedHeaders {
  const headers: Record<string, string> = {};
  const hops = connectionOptions(incoming.connection);
  let identity = '';
  for (const name of allowed) {
    const value = incoming[name];
    const text = typeof value === 'string' ? value : value?.join(', ');
    if (text === undefined || hops?.has(name) || (name === REQUEST_ID_HEADER && !isFitRequestId(text))) {
      if (name === REQUEST_ID_HEADER && requestId !== undefined) headers[name] = requestId;
      continue;
    }
    if (!isHeaderValue(text))
      throw new UnfitHeaderError(`The value of "${name}" has a character that no header may have.`, 400);
    headers[name] = text;
    identity += `${name}: ${text}\n`;
  }
  // Long only when a single value is, or somebody tries: the identity holds all of them.
  if (identity.length > MOST_FORWARDED_BYTES)
    throw new UnfitHeaderError(
      `The headers ${Object.keys(headers).join(', ')} have more than ${MOST_FORWARDED_BYTES} bytes in all.`,
      431,
    );
  if (clientAddress !== undefined) headers[CLIENT_ADDRESS_HEADER] = clientAddress;
  identities.set(headers, identity);
  return headers;
}

/** Whether it can be sent as the value of a header. */
export function isHeaderValue(text: string): boolean {
  return !UNFIT_CHARACTER.test(text);
}

/** Whether an id of a client's may be used as it is. */
export function isFitRequestId(id: string): boolean {
  return FIT_REQUEST_ID.test(id);
}

/** The names that a `Connection` header lists, lower case (RFC 9110, 7.6.1). */
function connectionOptions(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || USUAL_CONNECTIONS.has(connection)) return undefined;
  return new Set(connection.split(',').map((option) => option.trim().toLowerCase()));
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
