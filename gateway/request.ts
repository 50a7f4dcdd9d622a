import type { ForwardedHeaders } from './subgraphs/calls/calls.ts';

/** What a client asks for, read from whatever transport it came by. */
export interface GatewayRequest {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** Who asks, as far as the subgraphs are told, and until when. */
export interface ClientContext {
  readonly headers: ForwardedHeaders;
  readonly signal?: AbortSignal | undefined;
  /** Goes into the log and into masked errors. */
  readonly requestId?: string | undefined;
  /** Put the query plan into `extensions.queryPlan`; ignored in production. */
  readonly queryPlan?: boolean | undefined;
  /** The transport has had it admitted and counts it, together with what it does before and after. */
  readonly counted?: boolean | undefined;
}
