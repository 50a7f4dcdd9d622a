// Running: when it pays to hold a call back, so that it travels with others to the same subgraph.
import type { CompiledStep } from '#gateway/execution/compile/steps/compile-step.ts';
import { BLOCKED, type Queue, type Run, SENT } from './run-state.ts';

/** A call is always worth that wait, in ms. */
const LEAST_PATIENCE_MS = 5;
/** A call that nothing else waits for may take so many times what the request has taken so far. */
const LEAF_PATIENCE = 2;

/**
 * Until when the queue may wait, in ms of `performance.now()`; 0 when nothing is worth it.
 *
 * - A call that other steps wait for waits for those alone that are one call away: the calls they wait for are under
 *   way. It waits no longer than the request has taken so far, so no round takes more than twice its time.
 * - A call that no step waits for delays nothing while another call to its subgraph is to come anyway.
 */
export function mayWaitUntil(run: Run, { subgraph, batches, since }: Queue): number {
  const leaf = batches.every(({ parts }) => parts.every(({ step }) => step.dependents.length === 0));
  const candidates = run.plan.bySubgraph.get(subgraph) ?? [];
  const worthIt = candidates.some(
    (step) => run.states[step.index] === BLOCKED && (leaf || isOneCallAway(run, step)),
  );
  if (!worthIt) return 0;
  return since + LEAST_PATIENCE_MS + (since - run.started) * (leaf ? LEAF_PATIENCE : 1);
}

function isOneCallAway({ states }: Run, { dependencies }: CompiledStep): boolean {
  return dependencies.every((index) => (states[index] ?? BLOCKED) >= SENT);
}
