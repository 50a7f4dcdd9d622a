import type { z } from 'zod';
import { integer, MIB, milliseconds } from '#gateway/variable-types.ts';

/** What a document may ask for. All but the first two count with fragments expanded where they are spread. */
export interface DocumentLimits {
  readonly maxDocumentTokens: number;
  /** Brackets of any sort within each other, which is how deep the parser has to go. */
  readonly maxNesting: number;
  /** Levels of fields. */
  readonly maxDepth: number;
  /** Fields; one that a selection set names several times, under whatever aliases, counts once there. */
  readonly maxHeight: number;
  readonly maxAliases: number;
  /** Names in the answer's `data`. */
  readonly maxRootFields: number;
  /** The same of a mutation alone: each is a call of its own, one after another, and most of them write. */
  readonly maxMutationFields: number;
  /** Fields and fragments, each as often as it is reached. */
  readonly maxRecursiveSelections: number;
  readonly maxDirectives: number;
  /** Fields, each for every object type that it may be asked of. */
  readonly maxTypedSelections: number;
}

/** Their variables; `gateway/settings.ts` reads them and explains them. */
export const DOCUMENT_LIMIT_VARIABLES = {
  MAX_DOCUMENT_TOKENS: integer(10_000, 1),
  MAX_NESTING: integer(200, 1, 500),
  MAX_DEPTH: integer(50, 1),
  MAX_HEIGHT: integer(1_000, 1),
  MAX_ALIASES: integer(30, 0),
  MAX_ROOT_FIELDS: integer(20, 1),
  MAX_MUTATION_FIELDS: integer(5, 1),
  MAX_RECURSIVE_SELECTIONS: integer(10_000, 1),
  MAX_DIRECTIVES: integer(200, 0),
  MAX_TYPED_SELECTIONS: integer(20_000, 1),
};

type Read<T extends Record<string, z.ZodType>> = { readonly [name in keyof T]: z.output<T[name]> };

export function documentLimits(env: Read<typeof DOCUMENT_LIMIT_VARIABLES>): DocumentLimits {
  return {
    maxDocumentTokens: env.MAX_DOCUMENT_TOKENS,
    maxNesting: env.MAX_NESTING,
    maxDepth: env.MAX_DEPTH,
    maxHeight: env.MAX_HEIGHT,
    maxAliases: env.MAX_ALIASES,
    maxRootFields: env.MAX_ROOT_FIELDS,
    maxMutationFields: env.MAX_MUTATION_FIELDS,
    maxRecursiveSelections: env.MAX_RECURSIVE_SELECTIONS,
    maxDirectives: env.MAX_DIRECTIVES,
    maxTypedSelections: env.MAX_TYPED_SELECTIONS,
  };
}

/** How operations are planned, away from the event loop. */
export interface PlanningThreadsConfig {
  /** For one operation; past it the operation is refused. */
  readonly timeoutMs: number;
  /** At once. One is kept, the others come while it is busy. */
  readonly threads: number;
  /** Of each thread's heap. */
  readonly memoryMb: number;
  /** Operations that may wait for a thread; beyond it they are refused at once. */
  readonly maxWaiting: number;
}

export const PLANNING_VARIABLES = {
  PLAN_CACHE_SIZE: integer(1_000, 1),
  PLAN_CACHE_BYTES: integer(64 * MIB, MIB),
  PLANNING_TIMEOUT_MS: milliseconds(1_000, 1),
  PLANNING_THREADS: integer(2, 1, 64),
  PLANNING_MEMORY_MB: integer(512, 16),
  PLANNING_MAX_WAITING: integer(100, 1),
};

export function planningThreads(env: Read<typeof PLANNING_VARIABLES>): PlanningThreadsConfig {
  return {
    timeoutMs: env.PLANNING_TIMEOUT_MS,
    threads: env.PLANNING_THREADS,
    memoryMb: env.PLANNING_MEMORY_MB,
    maxWaiting: env.PLANNING_MAX_WAITING,
  };
}
