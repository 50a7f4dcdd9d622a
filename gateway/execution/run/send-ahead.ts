// Running: the first time, before there is anything to run.
import { setImmediate } from 'node:timers/promises';
import type { PlanNode } from '@apollo/query-planner';
import type { SubgraphAnswer, Upstreams } from '#gateway/subgraphs/calls/calls.ts';
import type { ExecutionContext, Variables } from '../compiled-operation.ts';
import { planSteps } from '#gateway/execution/compile/steps/plan-steps.ts';
import { pick } from './pick.ts';

/**
 * Sends what a query asks first of its subgraphs, and resolves to the context in which it then runs: the answers are
 * there for the run that asks for the same. Compiling takes about as long as they do, so the first to ask for a new
 * operation waits for the longer of the two and not for both.
 */
export async function sendAhead(
  root: PlanNode | undefined,
  conditions: ReadonlyMap<string, boolean>,
  variables: Variables,
  context: ExecutionContext,
): Promise<ExecutionContext> {
  const { upstreams, headers, signal } = context;
  const sent = new Map<string, Promise<SubgraphAnswer>>();
  for (const { fetch, path, dependencies } of planSteps(root, conditions)) {
    if (fetch.requires !== undefined || path.length > 0 || dependencies.length > 0) continue;
    const { serviceName: subgraph, operation: query, operationName, variableUsages = [] } = fetch;
    const request = { query, variables: pick(variables, variableUsages), operationName };
    const answer = upstreams.call({ subgraph, operation: 'query', request, headers, signal });
    // Its error is for the run, which may ask only later.
    answer.catch(() => undefined);
    sent.set(`${subgraph}\n${query}`, answer);
  }
  // A connection that was idle is looked at for one turn of the event loop before anything is written to it.
  await setImmediate();
  const first: Upstreams = {
    call(call) {
      const key = `${call.subgraph}\n${call.request.query}`;
      const answer = sent.get(key);
      sent.delete(key);
      return answer ?? upstreams.call(call);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { ...context, upstreams: first };
}
