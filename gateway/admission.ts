import { GraphQLError } from 'graphql';

/**
 * The one place that counts what is under way, whatever transport it came by, and says when nothing more is taken: a
 * client that is told early goes elsewhere, one that waits makes it worse.
 */
export interface Admission {
  readonly size: number;
  readonly draining: boolean;
  /** Set by whoever watches the event loop. */
  lagging: boolean;
  /** Why nothing more is taken at the moment; undefined when it is. */
  refusal(): string | undefined;
  begin(): void;
  end(): void;
  /** From now on `draining`. Resolves when nothing is under way, at the latest after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

/** @param most at once */
export function createAdmission(most: number): Admission {
  let size = 0;
  let draining = false;
  let onEmpty: (() => void) | undefined;
  const admission: Admission = {
    lagging: false,
    get size() {
      return size;
    },
    get draining() {
      return draining;
    },
    refusal() {
      if (draining) return 'The gateway is shutting down.';
      return size >= most || admission.lagging ? 'The gateway is overloaded.' : undefined;
    },
    begin() {
      size += 1;
    },
    end() {
      size -= 1;
      if (size === 0) onEmpty?.();
    },
    async drain(timeoutMs) {
      draining = true;
      if (size === 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        onEmpty = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
  };
  return admission;
}

export const OVERLOADED = 'OVERLOADED';

/** Ends one operation alone; over HTTP it is a 503. */
export function overloaded(reason: string): GraphQLError {
  return new GraphQLError(reason, { extensions: { code: OVERLOADED, retryable: true } });
}
