import {
  BrokenCircuitError,
  CircuitState,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
} from 'cockatiel';
import { UpstreamError } from '#gateway/upstream/upstream.ts';

export interface ResilienceOptions {
  readonly subgraph: string;
  /** Of a query; a mutation is tried once. */
  readonly retries: number;
  readonly breakerFailures: number;
  readonly breakerCoolDownMs: number;
  readonly onCircuit: (state: 'open' | 'half-open' | 'closed') => void;
}

/** Runs `attempt` for a query or a mutation: again on a lost connection, not at all while the circuit is open. */
export interface Resilience {
  /** @param ended called when the last attempt is over, just before the promise settles */
  run<T>(operation: 'query' | 'mutation', attempt: () => Promise<T>, ended: () => void): Promise<T>;
}

const FIRST_BACKOFF_MS = 20;
const LONGEST_BACKOFF_MS = 500;

/** What says that the subgraph is ill, as opposed to one request being refused or given up. */
const ILL = new Set([
  'SUBGRAPH_UNREACHABLE',
  'SUBGRAPH_TIMEOUT',
  'SUBGRAPH_BAD_RESPONSE',
  'SUBGRAPH_HTTP_ERROR',
]);

/**
 * The circuit opens when more than half of the latest `2 × breakerFailures` calls failed, `breakerFailures` calls at
 * the least; after `breakerCoolDownMs` one call tries, and its outcome closes the circuit or opens it anew.
 */
export function createResilience(options: ResilienceOptions): Resilience {
  const { subgraph, breakerFailures } = options;
  const outcomes = new CountBreaker({
    threshold: 0.5,
    size: 2 * breakerFailures,
    minimumNumberOfCalls: breakerFailures,
  });
  const breaker = circuitBreaker(
    // A trial call that its client gave up has shown nothing: the circuit stays open.
    handleWhen((error) => isIll(error) || breaker.state === CircuitState.HalfOpen),
    { halfOpenAfter: options.breakerCoolDownMs, breaker: outcomes },
  );
  breaker.onBreak(() => options.onCircuit('open'));
  breaker.onHalfOpen(() => options.onCircuit('half-open'));
  breaker.onReset(() => options.onCircuit('closed'));
  const again = retry(handleWhen(isConnectionLoss), {
    maxAttempts: options.retries,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_BACKOFF_MS, maxDelay: LONGEST_BACKOFF_MS }),
  });

  function guarded<T>(attempt: () => Promise<T>): Promise<T> {
    // While the one trial call is under way the others fail at once instead of waiting for its outcome.
    if (breaker.state === CircuitState.HalfOpen) return Promise.reject(new BrokenCircuitError());
    return breaker.execute(attempt);
  }

  async function afterFailure<T>(
    error: unknown,
    operation: 'query' | 'mutation',
    attempt: () => Promise<T>,
  ): Promise<T> {
    if (operation === 'mutation' || !isConnectionLoss(error)) throw circuitOpen(subgraph, error);
    return repeat(error, attempt);
  }

  return {
    run(operation, attempt, ended) {
      // While the circuit is closed its policy has nothing to decide before a call, only outcomes to learn.
      const closed = breaker.state === CircuitState.Closed;
      return (closed ? attempt() : guarded(attempt)).then(
        (result) => {
          if (closed && breaker.state === CircuitState.Closed) outcomes.success(CircuitState.Closed);
          ended();
          return result;
        },
        async (error: unknown) => {
          try {
            if (closed && breaker.state === CircuitState.Closed) await failed(error);
            return await afterFailure(error, operation, attempt);
          } finally {
            ended();
          }
        },
      );
    },
  };

  /** Tells the circuit of a failure that happened outside of its policy. */
  async function failed(error: unknown): Promise<void> {
    await breaker.execute(() => Promise.reject(error)).catch(() => undefined);
  }

  /** Retries only after a failure: in a policy of its own every call that succeeds would pay for it, too. */
  async function repeat<T>(failure: unknown, attempt: () => Promise<T>): Promise<T> {
    try {
      return await again.execute(({ attempt: n }) => (n === 0 ? Promise.reject(failure) : guarded(attempt)));
    } catch (error) {
      throw circuitOpen(subgraph, error);
    }
  }
}

function circuitOpen(subgraph: string, error: unknown): unknown {
  if (!(error instanceof BrokenCircuitError)) return error;
  return new UpstreamError(subgraph, 'SUBGRAPH_CIRCUIT_OPEN', `${subgraph} failed too often of late`, {
    cause: error,
  });
}

function isIll(error: unknown): boolean {
  if (!(error instanceof UpstreamError) || !ILL.has(error.code)) return false;
  return error.code !== 'SUBGRAPH_HTTP_ERROR' || (error.status ?? 0) >= 500;
}

/** The codes by which Node and undici say that a connection broke or could not be made. */
const CONNECTION_LOSS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
]);

function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof UpstreamError) || error.code !== 'SUBGRAPH_UNREACHABLE') return false;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && CONNECTION_LOSS.has(String(cause.code));
}
