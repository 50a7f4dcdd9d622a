import { isIPv4, isIPv6 } from 'node:net';

const GROUPS = 8;
/** Of an IPv6 address: what one customer of a provider has to himself (RFC 6177). */
const NETWORK_GROUPS = 4;
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * What stands for one client among addresses: an IPv4 address, or the /64 that an IPv6 address is of, for whoever has one
 * has 2^64. Null for what is no address.
 */
export function networkOf(address: string | undefined): string | null {
  const [plain = ''] = (address ?? '').trim().split('%'); // without the zone of a link-local one
  const [, mapped] = MAPPED.exec(plain) ?? [];
  if (mapped !== undefined) return networkOf(mapped);
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return null;
  const canonical = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => '0');
  const groups = [...before, ...zeros, ...after];
  // Written otherwise, ::ffff:a00:1 is the IPv4 address 10.0.0.1 as well.
  if (groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff')
    return groups
      .slice(6)
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
      .join('.');
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
