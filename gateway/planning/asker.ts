// Planning: for whom an operation is planned, so that one client's many operations keep nobody else's waiting.

/** Of those who wait for one plan, the one whose turn comes first. */
export interface Asker {
  /** See {@link clientOf}. `undefined` when the gateway asks for itself. */
  client: string | undefined;
  /** Who asked first, and answers for the time it takes. */
  readonly first: string | undefined;
}

/** @param address as {@link clientOf} takes it */
export function askerAt(address: string | undefined): Asker {
  const client = address === undefined ? undefined : clientOf(address);
  return { client, first: client };
}

const GROUPS = 8;
/** Whoever has an IPv6 network has 64 bits of addresses in it (RFC 4291, 2.5.1). */
const NETWORK_GROUPS = 4;

/** Those who count as one: an IPv4 address, or an IPv6 network. @param address in its canonical form, or '' for none */
function clientOf(address: string): string {
  if (!address.includes(':')) return address;
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? 0 : Math.max(0, GROUPS - head.length - tail.length);
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return groups.slice(0, NETWORK_GROUPS).join(':');
}
