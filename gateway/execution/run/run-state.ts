// Running: what one execution knows of itself.
import type { GraphQLFormattedError } from 'graphql';
import type { EngineResult, ExecutionContext, Variables } from '../compiled-operation.ts';
import type { CompiledStep } from '#gateway/execution/compile/steps/compile-step.ts';
import type { Data } from '#gateway/execution/compile/steps/merging.ts';
import type { Gathered } from '#gateway/execution/compile/entities/gathered.ts';
import type { NameTree } from './client-errors.ts';
import type { CombinedRequest } from './combined-request.ts';

/** A plan made ready to run for one setting of its conditions. */
export interface RunnablePlan {
  readonly steps: readonly CompiledStep[];
  /** Entity fetches by the subgraph they ask. */
  readonly bySubgraph: ReadonlyMap<string, readonly CompiledStep[]>;
  /** Requests that several steps made together, by the steps. */
  readonly combined: Map<string, CombinedRequest>;
  readonly names: NameTree;
  /** The answer from the merged tree and the subgraphs' errors. */
  finish(tree: Data, errors: GraphQLFormattedError[], variables: Variables): EngineResult;
}

export const BLOCKED = 0;
export const QUEUED = 1;
export const SENT = 2;
export const DONE = 3;

/** Entities of one step among the representations of a batch. */
export interface Part {
  readonly step: CompiledStep;
  readonly gathered: Gathered;
}

/** Representations that one aliased `_entities` asks for. */
export interface Batch {
  /** The first of the steps; the others ask for the same. */
  readonly step: CompiledStep;
  readonly context: readonly unknown[] | undefined;
  readonly contextKey: string;
  readonly parts: Part[];
}

/** What waits to be sent to one subgraph. */
export interface Queue {
  readonly subgraph: string;
  batches: Batch[];
  /** When the first of the batches came, in ms of `performance.now()`. */
  since: number;
}

export interface Run {
  readonly plan: RunnablePlan;
  readonly variables: Variables;
  readonly context: ExecutionContext;
  readonly tree: Data;
  readonly errors: GraphQLFormattedError[];
  readonly states: Uint8Array;
  /** How many dependencies of each step are not done. */
  readonly blockers: Uint16Array;
  /** How many answers each step waits for. */
  readonly answers: Uint16Array;
  readonly queues: Queue[];
  readonly started: number;
  unfinished: number;
  timer: NodeJS.Timeout | undefined;
  readonly resolve: (result: EngineResult) => void;
}
