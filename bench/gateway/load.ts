import { text } from 'node:stream/consumers';
import autocannon, { type Result } from 'autocannon';

/** What a load process is to do; comes as JSON on its standard input. */
export interface LoadOrder {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What every answer has to be, to the byte: who answers with errors is quick, and wrong. */
  readonly answer: string;
  readonly connections: number;
  /** In all. Counted, not timed: every request that costs processor time is then one that was answered. */
  readonly requests: number;
}

/** What came of it; goes as JSON to standard output. */
export interface LoadResult {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
  readonly p99Ms: number;
  /** Requests that failed, by how; empty when none did. */
  readonly failures: Readonly<Record<string, number>>;
}

const SAMPLE_MS = 100;
const TIMEOUT_S = 30;

const order = JSON.parse(await text(process.stdin)) as LoadOrder;
const { promise: done, resolve, reject } = Promise.withResolvers<Result>();
const startedAt = performance.now();
let lastAnswerAt = startedAt;
autocannon(
  {
    url: order.url,
    body: order.body,
    expectBody: order.answer,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...order.headers },
    connections: order.connections,
    amount: order.requests,
    sampleInt: SAMPLE_MS,
    timeout: TIMEOUT_S,
  },
  (error: unknown, result) => (error == null ? resolve(result) : reject(error)),
).on('response', () => (lastAnswerAt = performance.now()));

const result = await done;
const { errors, timeouts, non2xx, mismatches } = result;
const report: LoadResult = {
  requests: result.requests.total,
  seconds: (lastAnswerAt - startedAt) / 1000,
  p99Ms: result.latency.p99,
  failures: Object.fromEntries(
    Object.entries({ errors, timeouts, non2xx, mismatches }).filter(([, count]) => count > 0),
  ),
};
process.stdout.write(JSON.stringify(report));
