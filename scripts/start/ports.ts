import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, isFree } from '#platform/ports/free-port.ts';
import type { SubgraphName } from '../supergraph.ts';
import { SettingsError } from './settings.ts';

/** What each subgraph takes if nobody has it. */
export const USUAL_PORTS: Readonly<Record<SubgraphName, number>> = {
  users: 4001,
  inventory: 4002,
  payments: 4003,
  orders: 4004,
};

/** The services of a run that was killed end by themselves; within this they have. */
const LEFTOVER_LIMIT_MS = 15_000;
const LOOK_EVERY_MS = 100;

export type Ports = Readonly<Record<SubgraphName | 'gateway', number>>;

/**
 * @param gatewayPort 0 for a free one, as then for the subgraphs, too.
 * @param leftovers a run that was killed may still hold the gateway's port for a moment.
 * @throws {SettingsError} where another program has the gateway's port.
 */
export async function choosePorts(
  gatewayPort: number,
  leftovers: boolean,
  signal?: AbortSignal,
): Promise<Ports> {
  const taken = new Set<number>();
  const take = async (usual: number) => {
    const port =
      usual !== 0 && !taken.has(usual) && (await isFree(usual)) ? usual : await findFreePort(taken);
    taken.add(port);
    return port;
  };
  if (gatewayPort !== 0) {
    const limit = AbortSignal.timeout(leftovers ? LEFTOVER_LIMIT_MS : 0);
    while (!(await isFree(gatewayPort))) {
      if (limit.aborted || !leftovers) {
        throw new SettingsError(
          `Port ${gatewayPort} is taken by another program. Choose another for the gateway: PORT=${gatewayPort + 100} npm start`,
        );
      }
      await delay(LOOK_EVERY_MS, undefined, { signal });
    }
  }
  const gateway = await take(gatewayPort);
  const usual = (name: SubgraphName) => take(gatewayPort === 0 ? 0 : USUAL_PORTS[name]);
  return {
    gateway,
    users: await usual('users'),
    inventory: await usual('inventory'),
    payments: await usual('payments'),
    orders: await usual('orders'),
  };
}
