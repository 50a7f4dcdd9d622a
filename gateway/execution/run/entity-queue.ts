// Running: what waits to be asked of a subgraph. Steps that ask the same of their entities share a batch, and in it every
// entity is named once.
import { MAX_VALUE_DEPTH } from '#gateway/json/nesting.ts';
import type { CompiledStep } from '#gateway/execution/compile/steps/compile-step.ts';
import type { Gathered } from '#gateway/execution/compile/entities/gathered.ts';
import { createReporter } from './reporting.ts';
import type { Batch, Part, Queue, Run } from './run-state.ts';

/** Finds the entities of a step and puts them into the queue of its subgraph. Returns how many batches they are in. */
export function enqueueEntities(
  run: Run,
  step: CompiledStep,
  gather: NonNullable<CompiledStep['gather']>,
): number {
  const queue = queueOf(run, step.subgraph);
  const open = new Map<string, Part>();
  gather(run.tree, (context) => {
    const contextKey = context === undefined ? '' : JSON.stringify(context);
    let part = open.get(contextKey);
    if (part === undefined)
      open.set(contextKey, (part = join(batchOf(queue, step, context, contextKey), step)));
    return part.gathered;
  });
  for (const { gathered } of open.values())
    if (gathered.refused !== undefined) tellRefused(run, step, gathered.refused);
  let batches = 0;
  for (const batch of queue.batches) {
    if (batch.parts.at(-1)?.step !== step) continue;
    if (batch.parts.at(-1)?.gathered.entities.length === 0) batch.parts.pop();
    else batches += 1;
  }
  queue.batches = queue.batches.filter(({ parts }) => parts.length > 0);
  if (batches > 0 && queue.since === 0) queue.since = performance.now();
  return batches;
}

function tellRefused(run: Run, step: CompiledStep, entities: readonly object[]): void {
  createReporter(run).everywhere(step, entities, {
    message: `What ${step.subgraph} needs of the object is nested more than ${MAX_VALUE_DEPTH} deep.`,
    extensions: { code: 'VALUE_TOO_DEEP' },
  });
}

function join(batch: Batch, step: CompiledStep): Part {
  const first = batch.parts[0]?.gathered;
  const gathered: Gathered = {
    entities: [],
    slots: [],
    representations: first?.representations ?? [],
    seen: first?.seen ?? new Map(),
    variants: first?.variants ?? new Map(),
    refused: undefined,
  };
  const part = { step, gathered };
  batch.parts.push(part);
  return part;
}

function queueOf(run: Run, subgraph: string): Queue {
  let queue = run.queues.find((candidate) => candidate.subgraph === subgraph);
  if (queue === undefined) run.queues.push((queue = { subgraph, batches: [], since: 0 }));
  return queue;
}

function batchOf(
  queue: Queue,
  step: CompiledStep,
  context: readonly unknown[] | undefined,
  contextKey: string,
): Batch {
  const { signature } = step;
  let batch = queue.batches.find(
    (other) => other.step.signature === signature && other.contextKey === contextKey,
  );
  if (batch === undefined) queue.batches.push((batch = { step, context, contextKey, parts: [] }));
  return batch;
}
