import { deepStrictEqual } from 'node:assert';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '#system/ports/free-port.ts';
import { median } from '../median.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { startPinned, stop } from './pinned.ts';
import { cpuMs, peakMb } from './process-figures.ts';

/** One program under measurement. */
export interface Contender {
  readonly name: string;
  /** For Node: the program and its arguments. It serves POST /graphql at `PORT` of its environment. */
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  /** Whether it can answer operations it was not made for. */
  readonly anyOperation: boolean;
}

export interface Workload {
  readonly name: string;
  readonly query: string;
  /** Of the client's requests, such as who asks. */
  readonly headers: Readonly<Record<string, string>>;
  /** The same work as an operation nobody has seen before. */
  readonly newQuery: (n: number) => string;
  /** Requests that the subgraphs have had so far. */
  readonly subgraphRequests: () => Promise<number>;
  /** Until the code is compiled and the pools are open; by count, as who is slow needs longer, but not without end. */
  readonly warmUpRequests: number;
}

export interface Figures {
  readonly name: string;
  readonly requestsPerSecond: number;
  /** Of the worst round. */
  readonly p99Ms: number;
  readonly cpuMsPerRequest: number;
  readonly peakMb: number;
  /** Subgraph requests of one client request, alone and under load. */
  readonly callsAlone: number;
  readonly callsUnderLoad: number;
  /** From sending an operation that is new to its answer, the median of some; `undefined` where it cannot. */
  readonly newOperationMs: number | undefined;
}

export interface Load {
  readonly connections: number;
  /** About so long: the number of requests follows from the pace so far. */
  readonly seconds: number;
}

/** A contender that is up, right and warm, and what it has done so far. */
export interface Running extends AsyncDisposable {
  /** Times the `n`th new operation; `n` has to be new to the subgraphs, too. */
  timeNewOperation(n: number): Promise<void>;
  press(load: Load): Promise<void>;
  figures(): Figures;
}

const START_PATIENCE_MS = 60_000;
/** Requests a second, to begin with. */
const FIRST_PACE = 100;
const WARM_UP_STEP_S = 2;
const WARM_UP_LEAST_S = 3;
const WARM_UP_MOST_S = 12;

/** Starts `contender`, has it prove that its answer is `expected`, and warms it up. Stopped by disposing. */
export async function startContender(
  contender: Contender,
  workload: Workload,
  expected: unknown,
  load: Load,
): Promise<Running> {
  await using starting = new AsyncDisposableStack();
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  const env = { NODE_ENV: 'production', LOG_LEVEL: 'error', ...contender.env, PORT: String(port) };
  const child = startPinned('measured', contender.args, env, ['ignore', 'ignore', 'inherit']);
  starting.defer(() => stop(child));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${contender.name} did not start`);

  const answer = await firstAnswer(child, url, workload);
  deepStrictEqual(JSON.parse(answer), expected, `${contender.name} answers wrongly`);
  const callsBefore = await workload.subgraphRequests();
  await post(url, workload.query, workload.headers);
  const callsAlone = (await workload.subgraphRequests()) - callsBefore;

  const pressFor = async (requests: number) => {
    const order: LoadOrder = {
      url,
      headers: workload.headers,
      body: JSON.stringify({ query: workload.query }),
      answer,
      connections: load.connections,
      requests: Math.max(load.connections, Math.round(requests)),
    };
    const result = await press(order);
    if (Object.keys(result.failures).length > 0)
      throw new Error(`${contender.name} failed under load: ${JSON.stringify(result.failures)}`);
    return result;
  };
  const paceOf = ({ requests, seconds }: { requests: number; seconds: number }) => requests / seconds;
  let pace = FIRST_PACE;
  for (let requests = 0, seconds = 0; ; ) {
    const warm = requests >= workload.warmUpRequests && seconds >= WARM_UP_LEAST_S;
    if (warm || seconds >= WARM_UP_MOST_S) break;
    const result = await pressFor(pace * WARM_UP_STEP_S);
    requests += result.requests;
    seconds += result.seconds;
    pace = paceOf(result);
  }

  const total = { cpuMs: 0, calls: 0, requests: 0, seconds: 0, p99Ms: 0 };
  const newOperations: number[] = [];
  const started = starting.move();
  return {
    async timeNewOperation(n) {
      if (!contender.anyOperation) return;
      const sentAt = performance.now();
      await post(url, workload.newQuery(n), workload.headers);
      newOperations.push(performance.now() - sentAt);
    },
    async press({ seconds }) {
      const before = { cpu: cpuMs(pid), calls: await workload.subgraphRequests() };
      const result = await pressFor(pace * seconds);
      total.cpuMs += cpuMs(pid) - before.cpu;
      total.calls += (await workload.subgraphRequests()) - before.calls;
      total.requests += result.requests;
      total.seconds += result.seconds;
      total.p99Ms = Math.max(total.p99Ms, result.p99Ms);
      pace = paceOf(result);
    },
    figures: () => ({
      name: contender.name,
      requestsPerSecond: total.requests / total.seconds,
      p99Ms: total.p99Ms,
      cpuMsPerRequest: total.cpuMs / total.requests,
      peakMb: peakMb(pid),
      callsAlone,
      callsUnderLoad: total.calls / total.requests,
      newOperationMs: contender.anyOperation ? median(newOperations) : undefined,
    }),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** The answer of a contender known to be right, to hold the others against. */
export async function askOnce(contender: Contender, workload: Workload): Promise<unknown> {
  const port = await findFreePort();
  const child = startPinned('measured', contender.args, { ...contender.env, PORT: String(port) }, [
    'ignore',
    'ignore',
    'inherit',
  ]);
  try {
    return JSON.parse(await firstAnswer(child, `http://127.0.0.1:${port}/graphql`, workload));
  } finally {
    await stop(child);
  }
}

/** The text of an answer without errors. */
export async function post(
  url: string,
  query: string,
  headers: Readonly<Record<string, string>>,
): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  const answer = await response.text();
  const { errors } = JSON.parse(answer) as { errors?: unknown };
  if (errors !== undefined) throw new Error(`${url} answered with errors: ${JSON.stringify(errors)}`);
  return answer;
}

async function press(order: LoadOrder): Promise<LoadResult> {
  const child = startPinned('rest', [path.join(import.meta.dirname, 'load.ts')], {}, [
    'pipe',
    'pipe',
    'inherit',
  ]);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the load has no input or no output');
  stdin.end(JSON.stringify(order));
  const [output] = await Promise.all([text(stdout), once(child, 'close')]);
  return JSON.parse(output) as LoadResult;
}

/** Waits for the contender to be up. */
async function firstAnswer(child: ChildProcess, url: string, { query, headers }: Workload): Promise<string> {
  for (const deadline = Date.now() + START_PATIENCE_MS; ; ) {
    try {
      return await post(url, query, headers);
    } catch (error) {
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (ended || Date.now() > deadline || !(error instanceof TypeError)) throw error;
      await sleep(100);
    }
  }
}
