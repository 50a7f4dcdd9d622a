import type { Logger } from 'pino';
import { Pool } from 'undici';
import type { UpstreamConfig } from '#gateway/config.ts';
import type { Subgraph } from '#gateway/supergraph/supergraph.ts';
import { readAnswer } from './answer.ts';
import { type Cancellation, cancel } from './cancellation.ts';
import { exchange, type Wire } from './exchange.ts';
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
  const wire: Wire<SubgraphAnswer> = {
    subgraph: name,
    pool,
    path,
    maxBytes: config.maxResponseBytes,
    read: (response) => readAnswer(name, response),
    unreachable: (cause) =>
      new UpstreamError(name, 'SUBGRAPH_UNREACHABLE', `${name} at ${url}: ${cause.message}`, { cause }),
    ended: () => turns.end(),
  };
  const timedOut = () =>
    new UpstreamError(name, 'SUBGRAPH_TIMEOUT', `${name} gave no whole answer within ${config.timeoutMs} ms`);

  return {
    call(operation, headers, body, cancellation) {
      const deadline = setTimeout(() => cancel(cancellation, timedOut()), config.timeoutMs);
      const attempt = () => {
        const turn = turns.take(cancellation);
        const send = () => exchange(wire, headers, body, cancellation);
        return turn === undefined ? send() : turn.then(send);
      };
      // Not an async function, nor are those below: on this way every promise more is paid for by every call.
      return resilience.run(operation, attempt, () => clearTimeout(deadline));
    },
    async [Symbol.asyncDispose]() {
      await pool.close();
    },
  };
}
