import type { CommandContext } from '../context.ts';
import { networkOf } from './client-network.ts';
import { COMMON_LANE, type Lane } from './turns.ts';

/** Passwords of one network that may wait to be worked on at once. */
const WAITING_OF_NETWORK = 8;

/** Whoever sends many at once waits behind themself. @param account one that knows where the client comes from. */
export function laneOf(
  context: CommandContext,
  work: 'log-in' | 'registration',
  account: string | null,
): Lane {
  if (account !== null)
    return { name: `known ${account}`, waitingAtMost: WAITING_OF_NETWORK, preferred: true };
  const network = networkOf(context.clientAddress);
  if (network === null) return { ...COMMON_LANE, name: work };
  return { name: `${work} ${network}`, waitingAtMost: WAITING_OF_NETWORK, preferred: false };
}
