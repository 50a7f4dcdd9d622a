import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { type SubgraphCall, UpstreamError } from '#gateway/subgraphs/calls/calls.ts';
import { Circuit, type CircuitName } from './circuit.ts';

export interface ResilienceOptions {
  readonly subgraph: string;
  /** Of a query; a mutation is tried once. */
  readonly retries: number;
  readonly breakerFailures: number;
  readonly breakerCoolDownMs: number;
  readonly onCircuit: (state: CircuitName) => void;
}

/** Runs `attempt` for a call: again on a lost connection where it is a query, not at all while the circuit is open. */
export interface Resilience {
  /** @param ended called when the last attempt is over, just before the promise settles */
  run<T>(call: SubgraphCall, attempt: () => Promise<T>, ended: () => void): Promise<T>;
}

const FIRST_BACKOFF_MS = 20;
const LONGEST_BACKOFF_MS = 500;

export function createResilience(options: ResilienceOptions): Resilience {
  const { subgraph } = options;
  const circuit = new Circuit({
    failures: options.breakerFailures,
    coolDownMs: options.breakerCoolDownMs,
    onState: options.onCircuit,
  });
  const again = retry(handleWhen(isConnectionLoss), {
    maxAttempts: options.retries,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_BACKOFF_MS, maxDelay: LONGEST_BACKOFF_MS }),
  });

  async function afterFailure<T>(call: SubgraphCall, error: unknown, attempt: () => Promise<T>): Promise<T> {
    circuit.failed(call, healthOf(error));
    if (call.operation === 'mutation' || !isConnectionLoss(error)) throw error;
    // Only after a failure: in a policy of its own every call that succeeds would pay for it, too.
    return again.execute(({ attempt: n }) => (n === 0 ? Promise.reject(error) : once(call, attempt)));
  }

  async function once<T>(call: SubgraphCall, attempt: () => Promise<T>): Promise<T> {
    if (!circuit.admits(call)) throw circuitOpen(subgraph);
    try {
      const result = await attempt();
      circuit.succeeded(call);
      return result;
    } catch (error) {
      circuit.failed(call, healthOf(error));
      throw error;
    }
  }

  return {
    run(call, attempt, ended) {
      if (!circuit.admits(call)) {
        ended();
        return Promise.reject(circuitOpen(subgraph));
      }
      return attempt().then(
        (result) => {
          circuit.succeeded(call);
          ended();
          return result;
        },
        async (error: unknown) => {
          try {
            return await afterFailure(call, error, attempt);
          } finally {
            ended();
          }
        },
      );
    },
  };
}

function circuitOpen(subgraph: string): UpstreamError {
  return new UpstreamError(subgraph, 'SUBGRAPH_CIRCUIT_OPEN', `${subgraph} failed too often of late`);
}

function healthOf(error: unknown) {
  return error instanceof UpstreamError ? error.health : undefined;
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
