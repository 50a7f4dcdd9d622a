import type { GraphQLFormattedError } from 'graphql';

/** One GraphQL request to one subgraph, as it goes over the wire. */
export interface SubgraphRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

/** Client headers that pass the allow-list, plus the gateway's own. Names in lower case. */
export type ForwardedHeaders = Readonly<Record<string, string>>;

export interface SubgraphCall {
  /** The planner's `serviceName`. */
  readonly subgraph: string;
  readonly request: SubgraphRequest;
  /** Mutations are never retried and never shared. */
  readonly operation: 'query' | 'mutation';
  readonly headers: ForwardedHeaders;
  readonly signal?: AbortSignal;
  /** Not to be answered by a call that began earlier: what caused this one may be newer than that answer. */
  readonly fresh?: boolean;
  /** No leaf of the answer is of a custom scalar, so that its fractions may be read as doubles. */
  readonly builtInLeaves?: boolean;
}

export interface SubgraphAnswer {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

/** The wire to all subgraphs. `call` rejects only with {@link UpstreamError}. Answers may be shared: never mutate one. */
export interface Upstreams extends AsyncDisposable {
  call(call: SubgraphCall): Promise<SubgraphAnswer>;
}

export type UpstreamErrorCode =
  | 'SUBGRAPH_UNREACHABLE'
  | 'SUBGRAPH_TIMEOUT'
  | 'SUBGRAPH_BAD_RESPONSE'
  | 'SUBGRAPH_HTTP_ERROR'
  | 'SUBGRAPH_TOO_LARGE'
  | 'SUBGRAPH_UNSUPPORTED_ENCODING'
  | 'SUBGRAPH_OVERLOADED'
  | 'SUBGRAPH_CIRCUIT_OPEN'
  | 'CANCELLED';

/**
 * What a failure tells of the subgraph: `down` for whoever asks; `doubtful`, where the request itself may be the cause;
 * `alive`, where it answered something.
 */
export type Health = 'down' | 'doubtful' | 'alive';

/** Why a subgraph gave no usable GraphQL answer. `message` is for logs; what clients see is decided where errors are masked. */
export class UpstreamError extends Error {
  readonly subgraph: string;
  readonly code: UpstreamErrorCode;
  readonly status: number | undefined;
  /** Undefined when the failure tells nothing of the subgraph. */
  readonly health: Health | undefined;

  constructor(
    subgraph: string,
    code: UpstreamErrorCode,
    message: string,
    options?: { status?: number; cause?: unknown; health?: Health | undefined },
  ) {
    super(message, { cause: options?.cause });
    this.name = 'UpstreamError';
    this.subgraph = subgraph;
    this.code = code;
    this.status = options?.status;
    this.health = options?.health ?? healthOf(code, options?.status);
  }
}

function healthOf(code: UpstreamErrorCode, status = 0): Health | undefined {
  switch (code) {
    case 'SUBGRAPH_BAD_RESPONSE':
      return 'doubtful';
    case 'SUBGRAPH_HTTP_ERROR':
      // Who is overloaded or restarts says 503. The others may be what one request provokes, again and again.
      if (status === 503) return 'down';
      return status >= 500 ? 'doubtful' : 'alive';
    case 'SUBGRAPH_TOO_LARGE':
    case 'SUBGRAPH_UNSUPPORTED_ENCODING':
      return 'alive';
    default:
      return undefined;
  }
}
