// Compiling: the fetches of a plan with what they send and get, without those that nobody needs.
import { waitForContexts } from '#gateway/execution/compile/entities/contexts.ts';
import type { EntityTypes } from '#gateway/execution/compile/entities/entity-keys.ts';
import { type FetchDocument, fetchDocument } from './fetch-document.ts';
import type { PlanStep } from './plan-steps.ts';
import { answerShape, type Shape } from './shape.ts';

export interface ReadStep extends PlanStep {
  readonly document: FetchDocument;
  readonly shape: Shape;
  /** The path without its lists. */
  readonly place: readonly string[];
}

export interface ReadOptions {
  readonly types: EntityTypes;
  readonly conditions: ReadonlyMap<string, boolean>;
  /** Whether the client sees the key of the objects at the place. */
  isWanted(place: readonly string[], key: string): boolean;
}

/**
 * Reads the fetches. A last fetch whose fields the client's conditions have all taken out is left out: the planner
 * plans for every setting of the conditions, and a fetch may be there for one of the others.
 */
export function readSteps(
  planned: readonly PlanStep[],
  { types, conditions, isWanted }: ReadOptions,
): ReadStep[] {
  const read = planned.map((step): ReadStep => {
    const document = fetchDocument(step.fetch);
    const shape = answerShape(document.selectionSet, {
      subgraph: step.fetch.serviceName,
      rootType: document.rootType,
      rewrites: step.fetch.outputRewrites,
      types,
      conditions,
    });
    return { ...step, document, shape, place: step.path.filter((element) => element !== '@') };
  });
  let steps = waitForContexts(read);
  if (conditions.size === 0) return [...steps];
  for (let idle = findIdle(); idle !== undefined; idle = findIdle()) steps = without(steps, idle.index);
  return [...steps];

  function findIdle(): ReadStep | undefined {
    return steps.find(({ index, fetch, place, shape: { keys } }) => {
      if (fetch.requires === undefined || steps.some(({ dependencies }) => dependencies.includes(index)))
        return false;
      return !keys.some(({ to }) => to === '__typename' || isWanted(place, to));
    });
  }
}

function without(steps: readonly ReadStep[], gone: number): ReadStep[] {
  const moved = (index: number) => (index > gone ? index - 1 : index);
  return steps
    .filter(({ index }) => index !== gone)
    .map((step) => ({ ...step, index: moved(step.index), dependencies: step.dependencies.map(moved) }));
}
