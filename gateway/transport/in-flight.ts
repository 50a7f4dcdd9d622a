import type { ServerResponse } from 'node:http';

/** The client requests under way. */
export interface InFlight {
  readonly size: number;
  readonly draining: boolean;
  /** Counts a request until its answer is out or its connection is gone; `onGone` is called in the latter case. */
  begin(response: ServerResponse, onGone: () => void): void;
  /** Stops counting a request early: a stream without end is nothing to wait for. */
  forget(response: ServerResponse): void;
  /** From now on `draining`. Resolves when nothing is in flight, at the latest after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

export function createInFlight(): InFlight {
  const responses = new Set<ServerResponse>();
  let draining = false;
  let onEmpty: (() => void) | undefined;

  function forget(response: ServerResponse): void {
    if (responses.delete(response) && responses.size === 0) onEmpty?.();
  }

  return {
    get size() {
      return responses.size;
    },
    get draining() {
      return draining;
    },
    begin(response, onGone) {
      responses.add(response);
      response.once('close', () => {
        forget(response);
        if (!response.writableFinished) onGone();
      });
    },
    forget,
    async drain(timeoutMs) {
      draining = true;
      if (responses.size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
}
