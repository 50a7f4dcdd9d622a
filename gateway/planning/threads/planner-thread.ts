/**
 * A thread that plans, one operation after the other. Planning may take for ever or all memory: whoever started the
 * thread ends it then.
 */
import { parentPort } from 'node:worker_threads';
import { GraphQLError, Kind, parse } from 'graphql';
import { createPlanner } from '#gateway/planning/planner.ts';
import type { Failure, FromThread, Outcome, ToThread } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('to be started as a worker thread');

const TOO_COMPLEX = 'The operation is too complex to plan. Ask for less at once.';
/** What `@apollo/federation-internals` says past ten million selections. */
const PLANNER_GAVE_UP = 'Exceeded maximum recursive selections';

const planners = new Map<number, ReturnType<typeof createPlanner>>();

port.on('message', (message: ToThread) => {
  if (message.kind === 'close') planners.delete(message.supergraph);
  else {
    const outcome = work(message);
    const { user, system } = process.threadCpuUsage();
    const answer: FromThread = { ...outcome, job: message.job, cpuMs: (user + system) / 1_000 };
    port.postMessage(answer);
  }
});

function work(message: Exclude<ToThread, { kind: 'close' }>): Outcome {
  try {
    if (message.kind === 'open') {
      planners.set(message.supergraph, createPlanner(message.sdl));
      return { kind: 'opened' };
    }
    const document = parse(message.source, { noLocation: true });
    const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
    const planner = planners.get(message.supergraph);
    if (operation === undefined || planner === undefined) throw new Error('nothing to plan, or to plan with');
    return { kind: 'planned', planned: planner.plan(document, operation) };
  } catch (error) {
    return { kind: 'failed', failure: failureOf(error) };
  }
}

function failureOf(error: unknown): Failure {
  // The stack is full, or a list or a text is longer than there can be.
  if (error instanceof RangeError) return { message: TOO_COMPLEX, code: 'OPERATION_TOO_COMPLEX' };
  if (error instanceof GraphQLError) {
    const code = error.extensions['code'];
    return { message: error.message, code: typeof code === 'string' ? code : undefined };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith(PLANNER_GAVE_UP)) return { message: TOO_COMPLEX, code: 'OPERATION_TOO_COMPLEX' };
  return { message, code: undefined };
}
