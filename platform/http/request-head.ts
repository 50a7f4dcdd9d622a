import type { IncomingMessage } from 'node:http';

/*
 * What Node's parser leaves to whoever takes the request: gateway and subgraphs hold to it alike.
 */

/** A name, an address or an IPv6 address in brackets, and maybe a port (RFC 9110, 7.2; RFC 3986, 3.2.2). */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+)(?::\d*)?$/i;

/**
 * What is wrong with a request's `Host`, for its sender; undefined where there is one and it names a host. Of two Node
 * takes the first, and what stands before us may take another (RFC 9112, 3.2).
 */
export function hostFault({ rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  let host: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i];
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return 'The request has more than one Host header.';
    host = rawHeaders[i + 1] ?? '';
  }
  if (host === undefined) return httpVersion === '1.0' ? undefined : 'The request has no Host header.';
  return HOST.test(host) ? undefined : 'The Host header names no host.';
}

/**
 * An offer to go on in another protocol may be passed over (RFC 9110, 7.8), and has to be where it is for HTTP/2, which
 * Java's client and `curl --http2` make with every request.
 */
export function isWebSocketUpgrade({ method, headers: { upgrade = '' } }: IncomingMessage): boolean {
  return method === 'GET' && upgrade.trim().toLowerCase() === 'websocket';
}
