import type { Planning } from './planning/planning.ts';
import type { Upstreams } from './subgraphs/calls/calls.ts';
import type { Supergraph } from './supergraph/supergraph.ts';

/** All that depends on one supergraph. Immutable: a request that took one finishes on it. */
export interface Generation {
  readonly supergraph: Supergraph;
  readonly planning: Planning;
  readonly upstreams: Upstreams;
}

export interface Generations extends AsyncDisposable {
  readonly current: Generation;
  /** Runs `work` on the current generation, which stays open until the work has ended, swapped out or not. */
  use<T>(work: (generation: Generation) => Promise<T>): Promise<T>;
  /** Puts `next` in place for every request from now on. */
  swap(next: Generation): void;
  /** Called after each swap; returns how to stop that. */
  onSwap(listener: () => void): () => void;
}

interface Held extends Generation {
  inUse: number;
  retired: boolean;
}

/** One current generation, swapped atomically; an old one closes its upstreams when its last request has ended. */
export function createGenerations(first: Generation, onCloseFailed: (error: unknown) => void): Generations {
  const listeners = new Set<() => void>();
  const closing = new Set<Promise<void>>();
  let current = hold(first);

  function closeIfDone(held: Held): void {
    if (!held.retired || held.inUse > 0) return;
    const closed = close(held);
    closing.add(closed);
    void closed.then(() => closing.delete(closed));
  }

  async function close({ planning, upstreams }: Held): Promise<void> {
    try {
      planning[Symbol.dispose]();
      await upstreams[Symbol.asyncDispose]();
    } catch (error) {
      onCloseFailed(error);
    }
  }

  function retire(held: Held): void {
    held.retired = true;
    closeIfDone(held);
  }

  return {
    get current() {
      return current;
    },
    async use(work) {
      const held = current;
      held.inUse += 1;
      try {
        return await work(held);
      } finally {
        held.inUse -= 1;
        closeIfDone(held);
      }
    },
    swap(next) {
      const old = current;
      current = hold(next);
      retire(old);
      for (const listener of listeners) listener();
    },
    onSwap(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async [Symbol.asyncDispose]() {
      retire(current);
      await Promise.all(closing);
    },
  };
}

function hold(generation: Generation): Held {
  return { ...generation, inUse: 0, retired: false };
}
