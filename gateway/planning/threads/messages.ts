// What the gateway and its planner threads tell each other.
import type { PlannedOperation } from '#gateway/planning/planner.ts';

export type ToThread =
  /** Answered by `opened` or `failed`. */
  | { readonly kind: 'open'; readonly job: number; readonly supergraph: number; readonly sdl: string }
  | { readonly kind: 'close'; readonly supergraph: number }
  /** Answered by `planned` or `failed`. */
  | {
      readonly kind: 'plan';
      readonly job: number;
      readonly supergraph: number;
      /** Of a valid document with one operation. */
      readonly source: string;
    };

export type FromThread = {
  readonly job: number;
  /** Processor time that the thread has taken so far. */
  readonly cpuMs: number;
} & Outcome;

export type Outcome =
  | { readonly kind: 'opened' }
  | { readonly kind: 'planned'; readonly planned: PlannedOperation }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** An error, without what cannot be sent. */
export interface Failure {
  readonly message: string;
  /** For what its sender should know. */
  readonly code: string | undefined;
}
