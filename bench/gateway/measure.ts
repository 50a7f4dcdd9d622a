import { deepStrictEqual } from 'node:assert';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadResult } from './load.ts';
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
  /** The same work as an operation nobody has seen before. */
  readonly newQuery: (n: number) => string;
  /** Requests that the subgraphs have had so far. */
  readonly subgraphRequests: () => Promise<number>;
}

export interface Figures {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly p99Ms: number;
  readonly cpuMsPerRequest: number;
  readonly peakMb: number;
  /** Subgraph requests of one client request, alone and under load. */
  readonly callsAlone: number;
  readonly callsUnderLoad: number;
  /** From sending an operation that is new to its answer, the median of a few; `undefined` where it cannot. */
  readonly newOperationMs: number | undefined;
}

export interface Load {
  readonly connections: number;
  readonly seconds: number;
}

/** Requests until the code is compiled and the pools are open; by count, as a slow machine needs longer. */
const WARM_UP_REQUESTS = 3_000;
const NEW_OPERATIONS = 7;
const START_PATIENCE_MS = 60_000;

/** A contender that is up, right and warm, and what it has done under load so far. */
export interface Running extends AsyncDisposable {
  press(load: Load): Promise<void>;
  figures(): Figures;
}

/** Starts `contender`, has it prove that its answer is `expected`, and warms it up. Stopped by disposing. */
export async function startContender(
  contender: Contender,
  workload: Workload,
  expected: unknown,
  connections: number,
): Promise<Running> {
  await using starting = new AsyncDisposableStack();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  const env = { NODE_ENV: 'production', LOG_LEVEL: 'error', ...contender.env, PORT: String(port) };
  const child = startPinned('measured', contender.args, env, ['ignore', 'ignore', 'inherit']);
  starting.defer(() => stop(child));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${contender.name} did not start`);
  deepStrictEqual(await firstAnswer(url, workload.query), expected, `${contender.name} answers wrongly`);
  const newOperationMs = contender.anyOperation ? await timeNewOperations(url, workload) : undefined;
  const callsAlone = await countCalls(workload, () => post(url, workload.query));
  await press(url, workload.query, { CONNECTIONS: String(connections), REQUESTS: String(WARM_UP_REQUESTS) });

  const total = { cpuMs: 0, calls: 0, requests: 0, seconds: 0, p99Ms: 0 };
  const started = starting.move();
  return {
    async press({ connections: clients, seconds }) {
      const before = { cpu: cpuMs(pid), calls: await workload.subgraphRequests() };
      const result = await press(url, workload.query, {
        CONNECTIONS: String(clients),
        SECONDS: String(seconds),
      });
      if (result.failed > 0) throw new Error(`${contender.name} failed ${result.failed} requests under load`);
      total.cpuMs += cpuMs(pid) - before.cpu;
      total.calls += (await workload.subgraphRequests()) - before.calls;
      total.requests += result.requests;
      total.seconds += seconds;
      total.p99Ms = Math.max(total.p99Ms, result.p99Ms);
    },
    figures: () => ({
      name: contender.name,
      requestsPerSecond: total.requests / total.seconds,
      p99Ms: total.p99Ms,
      cpuMsPerRequest: total.cpuMs / total.requests,
      peakMb: peakMb(pid),
      callsAlone,
      callsUnderLoad: total.calls / total.requests,
      newOperationMs,
    }),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** The answer of a contender known to be right, to hold the others against. */
export async function askOnce(contender: Contender, workload: Workload): Promise<unknown> {
  const port = await freePort();
  const child = startPinned('measured', contender.args, { ...contender.env, PORT: String(port) }, [
    'ignore',
    'ignore',
    'inherit',
  ]);
  try {
    return await firstAnswer(`http://127.0.0.1:${port}/graphql`, workload.query);
  } finally {
    await stop(child);
  }
}

async function press(url: string, query: string, extent: Record<string, string>): Promise<LoadResult> {
  const env = { URL: url, BODY: JSON.stringify({ query }), ...extent };
  const child = startPinned('rest', [path.join(import.meta.dirname, 'load.ts')], env, [
    'ignore',
    'pipe',
    'inherit',
  ]);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  await once(child, 'close');
  return JSON.parse(output) as LoadResult;
}

async function timeNewOperations(url: string, workload: Workload): Promise<number> {
  const times: number[] = [];
  for (let n = 1; n <= NEW_OPERATIONS; n += 1) {
    const start = performance.now();
    await post(url, workload.newQuery(n));
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(NEW_OPERATIONS / 2)] ?? Number.NaN;
}

async function countCalls(workload: Workload, act: () => Promise<unknown>): Promise<number> {
  const before = await workload.subgraphRequests();
  await act();
  return (await workload.subgraphRequests()) - before;
}

/** Waits for the contender to be up. */
async function firstAnswer(url: string, query: string): Promise<unknown> {
  for (const deadline = Date.now() + START_PATIENCE_MS; ; ) {
    try {
      return await post(url, query);
    } catch (error) {
      if (Date.now() > deadline || !(error instanceof TypeError)) throw error;
      await sleep(100);
    }
  }
}

async function post(url: string, query: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const answer = (await response.json()) as { errors?: unknown };
  if (answer.errors !== undefined)
    throw new Error(`${url} answered with errors: ${JSON.stringify(answer.errors)}`);
  return answer;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
