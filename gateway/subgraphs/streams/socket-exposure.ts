import type { UpstreamStream } from './upstream-stream.ts';

/**
 * Which streams on one socket would lose messages if it were closed: those that have no cursor, or none yet, as what was
 * sent in the meantime cannot be asked for again.
 */
export interface SocketExposure {
  add(stream: UpstreamStream): void;
  remove(stream: UpstreamStream): void;
  /**
   * How many other clients have such streams. 0 is exact; of more some may be able to resume by now, which is looked at
   * only as far as it makes a difference.
   */
  othersThan(stream: UpstreamStream): number;
}

/** Those of one token are one client's. Without one each stands for itself: nobody can say who is behind it. */
function ownerOf(stream: UpstreamStream): unknown {
  return stream.headers['authorization'] ?? stream.headers['cookie'] ?? stream;
}

export function createSocketExposure(): SocketExposure {
  const byOwner = new Map<unknown, Set<UpstreamStream>>();

  function isExposed(owner: unknown, streams: Set<UpstreamStream>): boolean {
    for (const stream of streams) {
      if (stream.sink.cursor() === undefined) return true;
      streams.delete(stream);
    }
    byOwner.delete(owner);
    return false;
  }

  return {
    add(stream) {
      const owner = ownerOf(stream);
      const streams = byOwner.get(owner);
      if (streams === undefined) byOwner.set(owner, new Set([stream]));
      else streams.add(stream);
    },
    remove(stream) {
      const owner = ownerOf(stream);
      const streams = byOwner.get(owner);
      if (streams?.delete(stream) && streams.size === 0) byOwner.delete(owner);
    },
    othersThan(stream) {
      const own = ownerOf(stream);
      for (const [owner, streams] of byOwner) {
        if (owner !== own && isExposed(owner, streams)) return byOwner.size - Number(byOwner.has(own));
      }
      return 0;
    },
  };
}
