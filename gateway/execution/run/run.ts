// Running: one execution of a compiled plan. Steps start when what they wait for is done; entity fetches to one subgraph
// that are ready together, or nearly so, travel as one request (see `waiting.ts`).
//
//   blocked ──every dependency done──▶ queued ──sent alone or with others──▶ sent ──answered──▶ done
//      └── nothing to ask for ─────────────────────────────────────────────────────────────────▶ done
import type { SubgraphAnswer } from '#gateway/subgraphs/calls/calls.ts';
import type { EngineResult, ExecutionContext, Variables } from '../compiled-operation.ts';
import type { CompiledStep } from '#gateway/execution/compile/steps/compile-step.ts';
import { failureOf } from './client-errors.ts';
import { type CombinedRequest, combineRequests, singleRequest } from './combined-request.ts';
import { enqueueEntities } from './entity-queue.ts';
import { pick } from './pick.ts';
import { createReporter } from './reporting.ts';
import {
  type Batch,
  BLOCKED,
  DONE,
  QUEUED,
  type Queue,
  type Run,
  type RunnablePlan,
  SENT,
} from './run-state.ts';
import { mayWaitUntil } from './waiting.ts';

/**
 * Runs the plan. Never rejects.
 *
 * @param first an answer that is there already: the event of a subscription, as the answer of the first step
 */
export function runPlan(
  plan: RunnablePlan,
  variables: Variables,
  context: ExecutionContext,
  first?: SubgraphAnswer,
): Promise<EngineResult> {
  return new Promise((resolve) => {
    const { steps } = plan;
    const run: Run = {
      plan,
      variables,
      context,
      tree: {},
      errors: [],
      states: new Uint8Array(steps.length),
      blockers: Uint16Array.from(steps, ({ dependencies }) => dependencies.length),
      answers: new Uint16Array(steps.length),
      queues: [],
      started: performance.now(),
      unfinished: steps.length,
      timer: undefined,
      resolve,
    };
    guarded(run, () => {
      const [primary] = steps;
      if (first !== undefined && primary !== undefined) {
        run.states[primary.index] = SENT;
        takeRootAnswer(run, primary, first);
      }
      for (const step of steps) {
        if (step.dependencies.length === 0 && run.states[step.index] === BLOCKED) start(run, step);
      }
    });
  });
}

/** Runs `work` and then whatever it made possible. A defect of ours ends the run with an error instead of hanging it. */
function guarded(run: Run, work: () => void): void {
  try {
    work();
    pump(run);
    if (run.unfinished === 0) finish(run);
  } catch (error) {
    clearTimeout(run.timer);
    run.unfinished = Number.NaN;
    run.resolve({ data: null, errors: [failureOf(error)] });
  }
}

function finish(run: Run): void {
  clearTimeout(run.timer);
  run.resolve(run.plan.finish(run.tree, run.errors, run.variables));
}

function start(run: Run, step: CompiledStep): void {
  if (step.gather === undefined) startRoot(run, step);
  else startEntities(run, step, step.gather);
}

function startEntities(run: Run, step: CompiledStep, gather: NonNullable<CompiledStep['gather']>): void {
  const batches = enqueueEntities(run, step, gather);
  if (batches === 0) {
    done(run, step);
    return;
  }
  run.states[step.index] = QUEUED;
  run.answers[step.index] = batches;
}

function done(run: Run, step: CompiledStep): void {
  run.states[step.index] = DONE;
  run.unfinished -= 1;
  for (const index of step.dependents) {
    run.blockers[index]! -= 1;
    const dependent = run.plan.steps[index];
    if (run.blockers[index] === 0 && dependent !== undefined) start(run, dependent);
  }
}

function startRoot(run: Run, step: CompiledStep): void {
  if (targetsOf(run, step).length === 0) {
    done(run, step);
    return;
  }
  run.states[step.index] = SENT;
  const combined = singleRequest(step);
  const operation = step.operation === 'mutation' ? 'mutation' : 'query';
  send(run, step.subgraph, operation, combined, pick(run.variables, combined.variables)).then(
    (answer) => guarded(run, () => takeRootAnswer(run, step, answer)),
    (reason: unknown) => guarded(run, () => rootFailed(run, step, reason)),
  );
}

function takeRootAnswer(run: Run, step: CompiledStep, answer: SubgraphAnswer): void {
  const targets = targetsOf(run, step);
  const { data } = answer;
  if (data != null) for (const target of targets) step.merge(target, data);
  if (answer.errors !== undefined || data == null) createReporter(run).rootErrors(step, targets, answer);
  done(run, step);
}

function rootFailed(run: Run, step: CompiledStep, reason: unknown): void {
  createReporter(run).everywhere(step, targetsOf(run, step), failureOf(reason));
  done(run, step);
}

/** A root fetch completes the root, or, further down in a plan, every object of a root type at its path. */
function targetsOf(run: Run, step: CompiledStep): object[] {
  return step.targets?.(run.tree) ?? [run.tree];
}

/** Sends what is queued, unless it pays to wait for more. */
function pump(run: Run): void {
  let wakeAt = Infinity;
  const now = run.queues.length === 0 ? 0 : performance.now();
  for (const queue of run.queues) {
    if (queue.batches.length === 0) continue;
    const until = mayWaitUntil(run, queue);
    if (until > now) wakeAt = Math.min(wakeAt, until);
    else flush(run, queue);
  }
  clearTimeout(run.timer);
  run.timer =
    wakeAt === Infinity
      ? undefined
      : setTimeout(() => guarded(run, () => undefined), Math.ceil(wakeAt - now));
}

function flush(run: Run, queue: Queue): void {
  const { batches, subgraph } = queue;
  queue.batches = [];
  queue.since = 0;
  for (const { parts } of batches) for (const { step } of parts) run.states[step.index] = SENT;
  sendBatches(run, subgraph, batches);
}

function sendBatches(run: Run, subgraph: string, batches: readonly Batch[]): void {
  const combined = combinedOf(run.plan, batches);
  const variables = pick(run.variables, combined.variables);
  combined.parts.forEach((part, index) => {
    const batch = batches[index];
    variables[part.representations] = batch?.parts[0]?.gathered.representations;
    part.contexts.forEach((name, position) => {
      const value = batch?.context?.[position];
      if (value !== undefined) variables[name] = value;
    });
  });
  send(run, subgraph, 'query', combined, variables).then(
    (answer) => guarded(run, () => takeEntities(run, subgraph, combined, batches, answer)),
    (reason: unknown) => guarded(run, () => batchesFailed(run, batches, reason)),
  );
}

const MAX_COMBINED = 256;

function combinedOf({ combined }: RunnablePlan, batches: readonly Batch[]): CombinedRequest {
  const key = batches.map(({ step }) => step.index).join(',');
  let request = combined.get(key);
  if (request === undefined) {
    const [only] = batches;
    request =
      only !== undefined && batches.length === 1
        ? singleRequest(only.step)
        : combineRequests(batches.map(({ step }) => step));
    if (combined.size >= MAX_COMBINED) combined.clear();
    combined.set(key, request);
  }
  return request;
}

function takeEntities(
  run: Run,
  subgraph: string,
  combined: CombinedRequest,
  batches: readonly Batch[],
  answer: SubgraphAnswer,
): void {
  const { data, errors = [] } = answer;
  if (data == null && batches.length > 1) {
    // One of them may have spoilt it for all: a null of `_entities` nulls the whole answer.
    for (const batch of batches) sendBatches(run, subgraph, [batch]);
    return;
  }
  if (errors.length > 0) {
    const reporter = createReporter(run);
    for (const error of errors) reporter.entityError(combined, batches, answer, error);
  }
  batches.forEach((batch, index) => {
    const alias = combined.parts[index]?.alias ?? '';
    takeBatch(run, batch, data?.[alias], errors.length > 0);
  });
}

function takeBatch(run: Run, { parts }: Batch, received: unknown, explained: boolean): void {
  const expected = parts[0]?.gathered.representations.length;
  const usable = Array.isArray(received) && received.length === expected;
  for (const { step, gathered } of parts) {
    if (usable) {
      const { entities, slots } = gathered;
      for (let i = 0; i < entities.length; i++) {
        const source: unknown = received[slots[i]!];
        if (typeof source === 'object' && source !== null && !Array.isArray(source))
          step.merge(entities[i]!, source);
        else if (source !== null) noEntity(run, step, entities[i]!);
      }
    } else if (!explained || received != null) {
      const message = `${step.subgraph} answered with something else than ${expected} entities`;
      createReporter(run).everywhere(step, gathered.entities, {
        message,
        extensions: { code: 'SUBGRAPH_BAD_RESPONSE' },
      });
    }
    answered(run, step);
  }
}

function noEntity(run: Run, step: CompiledStep, entity: object): void {
  createReporter(run).everywhere(step, [entity], {
    message: `${step.subgraph} answered with something else than an entity`,
    extensions: { code: 'SUBGRAPH_BAD_RESPONSE' },
  });
}

function answered(run: Run, step: CompiledStep): void {
  run.answers[step.index]! -= 1;
  if (run.answers[step.index] === 0) done(run, step);
}

function batchesFailed(run: Run, batches: readonly Batch[], reason: unknown): void {
  const failure = failureOf(reason);
  const reporter = createReporter(run);
  for (const { parts } of batches) {
    for (const { step, gathered } of parts) {
      reporter.everywhere(step, gathered.entities, failure);
      answered(run, step);
    }
  }
}

function send(
  run: Run,
  subgraph: string,
  operation: 'query' | 'mutation',
  { query, operationName, builtInLeaves }: CombinedRequest,
  variables: Record<string, unknown>,
): Promise<SubgraphAnswer> {
  const { upstreams, headers, signal } = run.context;
  const request = { query, variables, operationName };
  return upstreams.call({ subgraph, operation, request, headers, signal, builtInLeaves });
}
