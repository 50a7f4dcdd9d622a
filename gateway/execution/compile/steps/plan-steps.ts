// Compiling, first step: the planner's tree becomes a flat list of fetches that know what they wait for.
import type { FetchNode, PlanNode } from '@apollo/query-planner';

/** One fetch of a plan. */
export interface PlanStep {
  readonly index: number;
  readonly fetch: FetchNode;
  /** From the root of the answer to the objects that the fetch completes; `@` stands for every element of a list. */
  readonly path: readonly string[];
  /** Steps that must be done first. */
  readonly dependencies: readonly number[];
}

/**
 * Flattens a plan whose conditions are known. The order of `Sequence` and `Parallel` becomes dependencies, which say the
 * same: a step of a sequence waits for every last step of what stands before it.
 *
 * @throws {Error} on a node that this executor does not know
 */
export function planSteps(root: PlanNode | undefined, conditions: ReadonlyMap<string, boolean>): PlanStep[] {
  const steps: PlanStep[] = [];

  /** Returns the last steps of the node, or `after` when it has none. */
  function visit(node: PlanNode, path: readonly string[], after: readonly number[]): readonly number[] {
    switch (node.kind) {
      case 'Fetch':
        steps.push({ index: steps.length, fetch: node, path, dependencies: after });
        return [steps.length - 1];
      case 'Flatten':
        return visit(node.node, [...path, ...node.path.map(String)], after);
      case 'Sequence':
        return node.nodes.reduce((before, child) => visit(child, path, before), after);
      case 'Parallel':
        return [...new Set(node.nodes.flatMap((child) => visit(child, path, after)))];
      case 'Condition': {
        const branch = conditions.get(node.condition) ? node.ifClause : node.elseClause;
        return branch === undefined ? after : visit(branch, path, after);
      }
      case 'Defer':
        throw new Error('the plan has a Defer node, but @defer is not offered');
    }
  }

  if (root !== undefined) visit(root, [], []);
  return steps;
}
