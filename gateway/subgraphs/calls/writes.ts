/**
 * Tells calls apart by whether something may have been written in between. See docs/decisions/0012.
 *
 * Two moments with the same `age` have no end of a mutation between them, so whoever begins at the second may be given
 * what was read at the first.
 */
export interface Writes {
  readonly age: number;
  /** A mutation has been answered: what it did is done. */
  done(): void;
  /** A mutation has ended without an answer. It may still happen, at any time that a call may take. */
  unknown(): void;
}

/** While a write may still happen, only what began within so many ms of each other is one age. */
const DOUBT_SLICE_MS = 20;

/** @param doubtMs for so long after its end a mutation without an answer may still happen */
export function createWrites(doubtMs: number): Writes {
  let age = 0;
  let doubtUntil = 0;
  let nextSlice = 0;
  return {
    get age() {
      if (doubtUntil === 0) return age;
      const now = performance.now();
      if (now >= nextSlice) {
        age += 1;
        nextSlice = now + DOUBT_SLICE_MS;
        if (now >= doubtUntil) doubtUntil = 0;
      }
      return age;
    },
    done() {
      age += 1;
    },
    unknown() {
      age += 1;
      doubtUntil = performance.now() + doubtMs;
      nextSlice = 0;
    },
  };
}
