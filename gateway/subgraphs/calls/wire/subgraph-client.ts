import type { Logger } from 'pino';
import { Pool } from 'undici';
import type { UpstreamConfig } from '#gateway/settings.ts';
import type { Subgraph } from '#gateway/supergraph/supergraph.ts';
import { readAnswer } from './answer.ts';
import { type Cancellation, cancel } from './cancellation.ts';
import { exchange, type Wire } from './exchange.ts';
import { createResilience } from '#gateway/subgraphs/calls/resilience/resilience.ts';
import { createTurns } from '#gateway/subgraphs/calls/resilience/turns.ts';
import { type SubgraphAnswer, type SubgraphCall, UpstreamError } from '#gateway/subgraphs/calls/calls.ts';

/** The wire to one subgraph. */
export interface SubgraphClient extends AsyncDisposable {
  /** `headers` are names and values in turn. Rejects with {@link UpstreamError}, also when `cancellation` is used. */
  call(
    call: SubgraphCall,
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
    heard: 0,
    unreachable: (cause, started) =>
      new UpstreamError(name, 'SUBGRAPH_UNREACHABLE', `${name} at ${url}: ${cause.message}`, {
        cause,
        // What breaks off may be one request's doing; what cannot be connected to is away.
        health: started ? 'doubtful' : isOwnFault(cause) ? undefined : 'down',
      }),
    ended: (cancellation) => turns.end(cancellation),
  };
  const timedOut = ({ turnAt }: Cancellation, heard: boolean) => {
    const { timeoutMs } = config;
    // A subgraph that says something to anybody in all that time is well: this call asks too much of it. And a call
    // that got its turn at the end of its time has hardly asked at all.
    const asked = performance.now() - turnAt > timeoutMs / 2;
    const health = heard ? 'alive' : asked ? 'doubtful' : undefined;
    const message = `${name} gave no whole answer within ${timeoutMs} ms`;
    return new UpstreamError(name, 'SUBGRAPH_TIMEOUT', message, { health });
  };

  return {
    call(call, headers, body, cancellation) {
      const { heard } = wire;
      const { builtInLeaves = false } = call;
      const deadline = setTimeout(
        () => cancel(cancellation, timedOut(cancellation, wire.heard !== heard)),
        config.timeoutMs,
      );
      const attempt = () => {
        const turn = turns.take(call, cancellation);
        if (turn === undefined) return exchange(wire, headers, body, cancellation, builtInLeaves);
        const begun = performance.now();
        cancellation.turnAt = Infinity;
        return turn.then(() => {
          cancellation.turnAt = performance.now();
          // Nobody would wait for the answer: those before it gave way at their own deadline, just before this one's.
          if (cancellation.turnAt - begun > config.timeoutMs * WORTH_ASKING) {
            turns.end(cancellation);
            throw timedOut(cancellation, wire.heard !== heard);
          }
          return exchange(wire, headers, body, cancellation, builtInLeaves);
        });
      };
      // Not an async function, nor are those below: on this way every promise more is paid for by every call.
      return resilience.run(call, attempt, () => clearTimeout(deadline));
    },
    async [Symbol.asyncDispose]() {
      await pool.close();
    },
  };
}

/** The share of its time after which a call that had to wait is not sent any more. */
const WORTH_ASKING = 0.95;

/** undici refuses to send the request at all. */
function isOwnFault(cause: Error): boolean {
  return 'code' in cause && cause.code === 'UND_ERR_INVALID_ARG';
}
