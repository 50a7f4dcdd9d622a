import type { LiveConfig } from '#gateway/live/live-settings.ts';
import { countClose, type LiveMetrics } from '#gateway/live/live-metrics.ts';
import { networkOf } from '#gateway/transport/client-address.ts';

/** Why there is no place for a newcomer: none at all, or none more for where it comes from. */
export type NoPlace = 'full' | 'fullForAddress';

/** How many live connections there are, over all transports and from one address. Only newcomers are refused. */
export interface ConnectionPlaces {
  /** @param address as {@link ClientAddress} has it; undefined is not counted by address */
  take(address: string | undefined): NoPlace | ConnectionPlace;
}

export interface ConnectionPlace {
  /** Once. */
  release(): void;
}

export function createConnectionPlaces(
  { maxConnections, maxConnectionsPerAddress }: LiveConfig,
  metrics: LiveMetrics,
): ConnectionPlaces {
  const byNetwork = new Map<string, number>();

  function refuse(why: NoPlace): NoPlace {
    countClose(metrics, why);
    return why;
  }

  return {
    take(address) {
      if (metrics.connections >= maxConnections) return refuse('full');
      const network =
        address === undefined || maxConnectionsPerAddress === 0 ? undefined : networkOf(address);
      if (network !== undefined) {
        const there = byNetwork.get(network) ?? 0;
        if (there >= maxConnectionsPerAddress) return refuse('fullForAddress');
        byNetwork.set(network, there + 1);
      }
      metrics.connections += 1;
      metrics.connectionsTotal += 1;
      return {
        release() {
          metrics.connections -= 1;
          if (network === undefined) return;
          const left = (byNetwork.get(network) ?? 1) - 1;
          if (left === 0) byNetwork.delete(network);
          else byNetwork.set(network, left);
        },
      };
    },
  };
}
