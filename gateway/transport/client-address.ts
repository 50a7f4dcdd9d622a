import { BlockList, isIP, SocketAddress } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';

/** Where a request came from, as text in the one form its address has; undefined where nobody can tell. */
export type ClientAddress = (headers: IncomingHttpHeaders, peer: string | undefined) => string | undefined;

/** An IPv4 address within IPv6 (RFC 4291, 2.5.5.2), which is how a socket for both shows it. */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** A socket shows an address of an interface with its zone; proxies write ports behind addresses. */
const WITH_PORT = /^(?:\[([^\]]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/;
/** One hop of `Forwarded`: up to a comma outside of quotes. */
const FORWARDED_ELEMENT = /(?:[^,"]|"[^"]*")+/g;
const FORWARDED_FOR = /(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i;

/** Whether `text` is an address or a network, `10.0.0.0/8`, as {@link createClientAddress} takes them. */
export function isAddressOrNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (most < 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= most);
}

/**
 * Reads `X-Forwarded-For` from its end for as long as a trusted proxy vouches for what it says, and so finds the first
 * address that no proxy of ours has. `Forwarded` (RFC 7239) counts where there is no `X-Forwarded-For`. From anybody
 * else neither counts: a client may write what it likes.
 *
 * @param trusted addresses and networks of proxies that write these headers
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  if (trusted.length === 0) return (_headers, peer) => normalise(peer);
  const proxies = new BlockList();
  for (const entry of trusted) {
    const [address = '', length] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (length === undefined) proxies.addAddress(address, family);
    else proxies.addSubnet(address, Number(length), family);
  }
  const isProxy = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (headers, peer) => {
    let client = normalise(peer);
    const hops = hopsOf(headers);
    while (client !== undefined && hops.length > 0 && isProxy(client)) {
      const before = normalise(hops.pop());
      // "unknown", or nothing at all: the proxy is as near to the client as we can get.
      if (before === undefined) break;
      client = before;
    }
    return client;
  };
}

/** The client first, then one proxy after the other. */
function hopsOf(headers: IncomingHttpHeaders): string[] {
  const listed = headers['x-forwarded-for'];
  if (listed !== undefined) return String(listed).split(',');
  const elements = headers.forwarded?.match(FORWARDED_ELEMENT) ?? [];
  return elements.map((element) => {
    const [, quoted, token] = FORWARDED_FOR.exec(element) ?? [];
    return quoted ?? token ?? '';
  });
}

/** Of an IPv6 address: what one customer of a provider has to himself (RFC 6177). */
const NETWORK_GROUPS = 4;

/** What stands for one client among addresses in their one form: an IPv4 address, or the /64 that an IPv6 address is of. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(':');
}

function normalise(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const trimmed = text.trim();
  const [, bracketed, dotted] = WITH_PORT.exec(trimmed) ?? [];
  const [address = ''] = (bracketed ?? dotted ?? trimmed).split('%', 1);
  const family = isIP(address);
  if (family === 0) return undefined;
  if (family === 4) return address;
  const { address: canonical } = new SocketAddress({ address, family: 'ipv6' });
  return MAPPED.exec(canonical)?.[1] ?? canonical;
}
