import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort, isFree, whyNotListen } from './free-port.ts';
import type { SubgraphName } from '#system/supergraph.ts';
import { SettingsError } from '#system/settings.ts';

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
 * @param gateway where it is to listen; port 0 for a free one, as then for the subgraphs, too.
 * @param leftovers a run that was killed may still hold the gateway's port for a moment.
 * @throws {SettingsError} where the gateway cannot listen there, and why
 */
export async function choosePorts(
  { host, port: gatewayPort }: { readonly host: string; readonly port: number },
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
    for (let problem; (problem = await whyNotListen(gatewayPort, host)) !== null; ) {
      if (problem !== 'EADDRINUSE' || limit.aborted || !leftovers)
        throw new SettingsError(sayWhyNot(problem, gatewayPort, host));
      await delay(LOOK_EVERY_MS, undefined, { signal });
    }
    taken.add(gatewayPort);
  }
  const gateway = gatewayPort === 0 ? await take(0) : gatewayPort;
  const usual = (name: SubgraphName) => take(gatewayPort === 0 ? 0 : USUAL_PORTS[name]);
  return {
    gateway,
    users: await usual('users'),
    inventory: await usual('inventory'),
    payments: await usual('payments'),
    orders: await usual('orders'),
  };
}

function sayWhyNot(problem: string, port: number, host: string): string {
  const another = `Choose another for the gateway: PORT=${port < 60_000 ? port + 4_000 : port - 4_000} npm start`;
  switch (problem) {
    case 'EADDRINUSE':
      return `Port ${port} is taken by another program. ${another}`;
    case 'EACCES':
      return `Port ${port} may not be used by this account. ${another}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST=${host} is no address of this machine. Without HOST the gateway listens on 127.0.0.1; 0.0.0.0 is every address.`;
    default:
      return `Nothing can listen on port ${port} of ${host} (${problem}). ${another}`;
  }
}
