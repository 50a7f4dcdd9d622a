// Running: which errors of a subgraph become which errors of the answer.
import type { GraphQLFormattedError } from 'graphql';
import type { SubgraphAnswer } from '#gateway/subgraphs/calls/calls.ts';
import type { CompiledStep } from '#gateway/execution/compile/steps/compile-step.ts';
import { locate } from '#gateway/execution/compile/steps/walk.ts';
import { errorPaths, type Located, placesOf, toClientError } from './client-errors.ts';
import type { CombinedRequest } from './combined-request.ts';
import type { Batch, Run } from './run-state.ts';

/** More are not told: a subgraph with that many has one thing to say. */
const MAX_ERRORS = 1000;

type Path = readonly (string | number)[];

/** Reports what went wrong with one answer. Made anew for each, since it remembers where things stand. */
export interface Reporter {
  /** Errors of a fetch from the root of a subgraph. */
  rootErrors(step: CompiledStep, targets: readonly object[], answer: SubgraphAnswer): void;
  /**
   * An error of a request for entities. Its path names a list, one of its entities and what lies below; without one it
   * concerns everything that was asked for, unless there is data all the same.
   */
  entityError(
    combined: CombinedRequest,
    batches: readonly Batch[],
    answer: SubgraphAnswer,
    error: GraphQLFormattedError,
  ): void;
  /** An error of everything that a step would have put on these objects. */
  everywhere(step: CompiledStep, objects: readonly object[], error: GraphQLFormattedError): void;
}

export function createReporter({ plan: { names }, tree, errors }: Run): Reporter {
  const places = new Map<CompiledStep, Located>();

  function locatedBy(step: CompiledStep): Located {
    let located = places.get(step);
    if (located === undefined) places.set(step, (located = locate(tree, step.path)));
    return located;
  }

  function report(step: CompiledStep, error: GraphQLFormattedError, path: Path | undefined): void {
    if (errors.length < MAX_ERRORS) errors.push(toClientError(error, step.subgraph, path));
  }

  function below(
    step: CompiledStep,
    objects: readonly object[],
    way: Path,
    error: GraphQLFormattedError,
  ): void {
    for (const path of errorPaths(step, locatedBy(step), objects, way, names)) report(step, error, path);
  }

  function everywhere(step: CompiledStep, objects: readonly object[], error: GraphQLFormattedError): void {
    for (const path of placesOf(step, locatedBy(step), objects, names)) report(step, error, path);
  }

  return {
    everywhere,
    rootErrors(step, targets, answer) {
      const { errors: told = [], data } = answer;
      // A root is never null: without an error of its own it is one that nobody told.
      if (data == null && told.length === 0) everywhere(step, targets, withoutData(step.subgraph));
      for (const error of told) {
        if (error.path !== undefined && error.path.length > 0) below(step, targets, error.path, error);
        else if (answer.data != null) report(step, error, undefined);
        else everywhere(step, targets, error);
      }
    },
    entityError({ parts: travelled }, batches, answer, error) {
      const [alias, slot, ...inner] = error.path ?? [];
      const index = travelled.findIndex((part) => part.alias === alias);
      const [first] = batches;
      if (index === -1 && answer.data != null && first !== undefined) {
        report(first.step, error, undefined);
        return;
      }
      // An index of no entity says no more than no path at all.
      const asked = index === -1 ? undefined : batches[index]?.parts[0]?.gathered.representations.length;
      if (typeof slot === 'number' && asked !== undefined && slot >= asked && answer.data != null) {
        if (first !== undefined) report(first.step, error, undefined);
        return;
      }
      for (const { parts } of index === -1 ? batches : batches.slice(index, index + 1)) {
        for (const { step, gathered } of parts) {
          const { entities, slots } = gathered;
          if (typeof slot !== 'number' || (asked !== undefined && slot >= asked))
            everywhere(step, entities, error);
          else
            below(
              step,
              entities.filter((_, at) => slots[at] === slot),
              inner,
              error,
            );
        }
      }
    },
  };
}

/** Of a subgraph whose answer has neither data nor a reason for it. */
function withoutData(subgraph: string): GraphQLFormattedError {
  return {
    message: `${subgraph} answered without data and without errors`,
    extensions: { code: 'SUBGRAPH_BAD_RESPONSE' },
  };
}
