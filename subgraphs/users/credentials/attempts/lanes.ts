import type { CommandContext } from '../../context.ts';
import { networkOf } from './client-network.ts';
import { COMMON_LANE, type Lane } from '../passwords/turns.ts';

/** Passwords of one network that may wait to be worked on at once. */
const WAITING_OF_NETWORK = 8;

/**
 * Whoever sends many at once waits behind themself. Networks that are known to the account in question have lanes beside those
 * of strangers; one each, for whoever registers many accounts is known to all of them.
 * @param account one that knows where the client comes from.
 */
export function laneOf(
  context: CommandContext,
  work: 'log-in' | 'registration',
  account: string | null,
): Lane {
  const network = networkOf(context.clientAddress);
  if (account !== null)
    return { name: network ?? account, waitingAtMost: WAITING_OF_NETWORK, preferred: true };
  if (network === null) return { ...COMMON_LANE, name: work };
  return { name: `${work} ${network}`, waitingAtMost: WAITING_OF_NETWORK, preferred: false };
}
