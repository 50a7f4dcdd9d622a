import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import { type Admission, createAdmission, overloaded } from './admission.ts';
import { createErrorMask, type ErrorMask, requestErrors } from './errors.ts';
import type { EngineResult } from './execution/compiled-operation.ts';
import { createPacing } from './execution/pacing.ts';
import { createGenerations, type Generation } from './generations.ts';
import { useLimits } from './planning/limits/operation-limits.ts';
import { isTooMuch, type RefusedOperation } from './planning/operation-error.ts';
import { countRefusal, createPlanningMetrics, type PlanningMetrics } from './planning/planning-metrics.ts';
import type { Planning, PlanningOptions } from './planning/planning.ts';
import { createPlannerThreads } from './planning/threads/planner-threads.ts';
import type { ClientContext, GatewayRequest } from './request.ts';
import type { GatewayConfig } from './settings.ts';
import type { Upstreams } from './subgraphs/calls/calls.ts';
import { createUpstreamRegistry } from './subgraphs/calls/create-calls.ts';
import type { Writes } from './subgraphs/calls/writes.ts';
import { CLIENT_ADDRESS_HEADER } from './subgraphs/forwarded-headers.ts';
import type { Supergraph } from './supergraph/supergraph.ts';

/** Answers requests on the supergraph that serves at the moment, whatever transport they came by. */
export interface Engine extends AsyncDisposable {
  /** Swaps atomically; whoever needs more than one of its parts takes it once. */
  readonly current: Generation;
  /** The upstreams of whatever generation is current at the call. */
  readonly upstreams: Upstreams;
  /** Tells what may be shared from what was read too early. */
  readonly writes: Pick<Writes, 'age'>;
  readonly planningMetrics: PlanningMetrics;
  /** Counts what is under way and says when there is no room. */
  readonly admission: Admission;
  /** Called after each swap of the supergraph; returns how to stop that. */
  onSwap(listener: () => void): () => void;
  /**
   * One query or mutation, from any transport. Never rejects: what fails is in `errors`, masked already. `OVERLOADED`
   * when there is no room for it.
   */
  execute(request: GatewayRequest, client: ClientContext): Promise<EngineResult>;
  /** Hides, on errors from elsewhere, what clients are not to know. */
  readonly mask: ErrorMask;
  /** Puts a supergraph in place once it can be planned with. Rejects, and changes nothing, when it cannot. */
  swap(supergraph: Supergraph): Promise<void>;
}

export interface EngineDeps {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly supergraph: Supergraph;
  readonly createPlanning: (supergraph: Supergraph, options: PlanningOptions) => Planning;
}

/** A new supergraph serves after so long, whatever is still to be planned for it. */
const WARM_UP_MS = 10_000;

/** Disposing it closes everything it opened. */
export function createEngine(deps: EngineDeps): Engine {
  const { config, logger } = deps;
  const registry = createUpstreamRegistry(config.upstream, logger);
  const mask = createErrorMask(config, logger);
  const metrics = createPlanningMetrics();
  const threads = createPlannerThreads(config.planning, metrics);
  const onRefused = (refused: RefusedOperation): void => {
    countRefusal(metrics, refused);
    // The first time that an operation takes too much; whether it comes again, the metrics tell.
    if (refused.ms > 0 && isTooMuch(refused))
      logger.warn({ ...refused }, 'an operation could not be planned');
  };

  const open = (supergraph: Supergraph): Generation => ({
    supergraph,
    planning: deps.createPlanning(supergraph, {
      cacheSize: config.planCacheSize,
      cacheBytes: config.planCacheBytes,
      limits: useLimits(config),
      onRefused,
      hideSuggestions: config.production,
      planner: threads.open(supergraph.sdl),
    }),
    upstreams: registry.open(supergraph.subgraphs.values()),
  });
  const generations = createGenerations(open(deps.supergraph), (error) =>
    logger.warn({ err: error }, 'closing old upstreams'),
  );

  async function swap(supergraph: Supergraph): Promise<void> {
    const next = open(supergraph);
    try {
      await next.planning.ready();
      await warmUp(next.planning, generations.current.planning.hottest(config.warmUpOperations));
    } catch (error) {
      next.planning[Symbol.dispose]();
      await next.upstreams[Symbol.asyncDispose]();
      throw error;
    }
    generations.swap(next);
    logger.info({ supergraph: supergraph.id }, 'a new supergraph serves');
  }

  /** What waits for its plan keeps no place among those that run. */
  async function planned<T>(planning: Promise<T>): Promise<T> {
    pacing.end();
    try {
      return await planning;
    } finally {
      await pacing.begin();
    }
  }

  async function run(
    generation: Generation,
    request: GatewayRequest,
    client: ClientContext,
  ): Promise<EngineResult> {
    const { planning, upstreams } = generation;
    const address = client.headers[CLIENT_ADDRESS_HEADER] ?? '';
    const found = planning.prepare(request.query, request.operationName, address);
    const prepared = found instanceof Promise ? await planned(found) : found;
    const { compiled } = prepared;
    if (compiled.kind === 'subscription') return { errors: [subscriptionRefusal()] };
    const coerced = prepared.coerce(request.variables ?? {});
    if ('errors' in coerced) return { errors: [...coerced.errors] };
    const { headers, signal } = client;
    const result = await compiled.execute(coerced.variables, { upstreams, headers, signal });
    if (!client.queryPlan || config.production) return result;
    return { ...result, extensions: { ...result.extensions, queryPlan: prepared.planText() } };
  }

  const admission = createAdmission(config.limits.maxInFlight);
  const pacing = createPacing();
  return {
    writes: registry.writes,
    admission,
    mask,
    swap,
    planningMetrics: metrics,
    get current() {
      return generations.current;
    },
    upstreams: {
      call: (call) => generations.use(({ upstreams }) => upstreams.call(call)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    onSwap: (listener) => generations.onSwap(listener),
    async execute(request, client) {
      if (!client.counted) {
        const refusal = admission.refusal();
        if (refusal !== undefined) return { errors: [overloaded(refusal).toJSON()] };
        admission.begin();
      }
      const turn = pacing.begin();
      if (turn !== undefined) await turn;
      try {
        const result = await generations.use((generation) => run(generation, request, client));
        return result.errors === undefined
          ? result
          : { ...result, errors: mask(result.errors, client.requestId) };
      } catch (error) {
        return { errors: mask(requestErrors(error), client.requestId) };
      } finally {
        pacing.end();
        if (!client.counted) admission.end();
      }
    },
    async [Symbol.asyncDispose]() {
      await generations[Symbol.asyncDispose]();
      await threads[Symbol.asyncDispose]();
    },
  };
}

/** Plans one operation after the other, so that clients' new ones need not wait for all; for so long at most. */
async function warmUp(planning: Planning, operations: ReturnType<Planning['hottest']>): Promise<void> {
  const until = performance.now() + WARM_UP_MS;
  for (const operation of operations) {
    if (performance.now() > until) return;
    await planning.warmUp([operation]);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function subscriptionRefusal(): GraphQLError {
  return new GraphQLError(
    'Subscriptions need WebSocket, "accept: text/event-stream" or "accept: multipart/mixed;subscriptionSpec=1.0"',
    { extensions: { code: 'BAD_REQUEST' } },
  );
}
