// The contract of execution: what planning keeps and what transports run.
import type { GraphQLFormattedError } from 'graphql';
import type {
  ForwardedHeaders,
  SubgraphAnswer,
  SubgraphRequest,
  Upstreams,
} from '#gateway/subgraphs/calls/calls.ts';

export interface ExecutionContext {
  readonly upstreams: Upstreams;
  readonly headers: ForwardedHeaders;
  readonly signal?: AbortSignal;
}

export interface EngineResult {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

/** Variables are coerced already, see `PreparedOperation.coerce`. */
export type Variables = Readonly<Record<string, unknown>>;

export interface CompiledQuery {
  readonly kind: 'query' | 'mutation';
  /** Never rejects: what fails is in `errors`. */
  execute(variables: Variables, context: ExecutionContext): Promise<EngineResult>;
}

export interface CompiledSubscription {
  readonly kind: 'subscription';
  /** The planner's `serviceName` of the subgraph that owns the stream. */
  readonly subgraph: string;
  readonly rootField: string;
  /** What to send upstream. Throws a `GraphQLError` when a condition (`@skip`, `@include`) is null. */
  request(variables: Variables): SubgraphRequest;
  /** Completes one upstream event: the `rest` of the plan, then the projection. Never throws. */
  resolveEvent(
    answer: SubgraphAnswer,
    variables: Variables,
    context: ExecutionContext,
  ): Promise<EngineResult>;
}

export type CompiledOperation = CompiledQuery | CompiledSubscription;
