import type { Logger } from 'pino';
import { Pool } from 'undici';
import type { UpstreamConfig } from '#gateway/config.ts';
import type { Subgraph } from '#gateway/supergraph/supergraph.ts';
import { readAnswer } from './answer.ts';
import { type Cancellation, cancel } from './cancellation.ts';
import { exchange } from './exchange.ts';
import { createResilience } from './resilience.ts';
import { createTurns } from './turns.ts';
import { type SubgraphAnswer, UpstreamError } from '#gateway/upstream/upstream.ts';

/** The wire to one subgraph. */
export interface SubgraphClient extends AsyncDisposable {
  /** `headers` are names and values in turn. Rejects with {@link UpstreamError}, also when `cancellation` is used. */
  call(
    operation: 'query' | 'mutation',
    headers: string[],
    body: string,
    cancellation: Cancellation,
  ): Promise<SubgraphAnswer>;
}

/** One pool of kept connections; bounded in calls, time and bytes. Disposing lets what is under way finish. */
export function createSubgraphClient(
  { name, url }: Subgraph,
  config: UpstreamConfig,
  logger: Logger,
): SubgraphClient {
  const { origin, pathname, search } = new URL(url);
  const path = pathname + search;
  const pool = new Pool(origin, {
    connections: config.maxCalls,
    pipelining: 1,
    connect: { timeout: config.connectTimeoutMs },
    // The deadline of the whole call, below, covers both.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const turns = createTurns(config.maxCalls, config.maxWaiting, () => {
    const { maxCalls, maxWaiting } = config;
    return new UpstreamError(
      name,
      'SUBGRAPH_OVERLOADED',
      `${name} has ${maxCalls} calls under way and ${maxWaiting} waiting`,
    );
  });
  const resilience = createResilience({
    ...config,
    subgraph: name,
    onCircuit: (state) => logger.warn({ subgraph: name, state }, 'circuit breaker'),
  });
  const timedOut = () =>
    new UpstreamError(name, 'SUBGRAPH_TIMEOUT', `${name} gave no whole answer within ${config.timeoutMs} ms`);

  async function attempt(
    headers: string[],
    body: string,
    cancellation: Cancellation,
  ): Promise<SubgraphAnswer> {
    const turn = turns.take(cancellation);
    if (turn !== undefined) await turn;
    try {
      const response = await exchange(
        pool,
        { subgraph: name, path, headers, body },
        config.maxResponseBytes,
        cancellation,
      );
      return readAnswer(name, response);
    } catch (error) {
      throw error instanceof UpstreamError ? error : unreachable(name, url, error);
    } finally {
      turns.end();
    }
  }

  return {
    async call(operation, headers, body, cancellation) {
      const deadline = setTimeout(() => cancel(cancellation, timedOut()), config.timeoutMs);
      try {
        return await resilience.run(operation, () => attempt(headers, body, cancellation));
      } finally {
        clearTimeout(deadline);
      }
    },
    async [Symbol.asyncDispose]() {
      await pool.close();
    },
  };
}

function unreachable(subgraph: string, url: string, cause: unknown): UpstreamError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UpstreamError(subgraph, 'SUBGRAPH_UNREACHABLE', `${subgraph} at ${url}: ${reason}`, { cause });
}
