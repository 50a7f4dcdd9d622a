import { CLIENT_MESSAGE_BYTES, SUBGRAPH_REQUEST_BYTES } from '#schema/sizes.ts';

/** Settings of live updates: what clients may take, how upstreams are held. Read in `gateway/settings.ts`. */
export interface LiveConfig {
  /** By the name in `SUBGRAPH_WS_URL_<NAME>`; without one, the subgraph's HTTP address with the ws scheme. */
  readonly upstreamUrls: ReadonlyMap<string, string>;
  /**
   * How a subgraph learns who asks. `operation`: in `extensions.headers` of each subscribe message, all clients over a
   * few sockets. `connection`: in the `connection_init` payload, one socket an identity. A subgraph that reads the one
   * and gets the other sees an anonymous caller, so a wrong setting refuses rather than leaks.
   */
  readonly upstreamIdentity: 'operation' | 'connection';
  /** Streams over one upstream socket before another is opened. */
  readonly streamsPerUpstream: number;
  /**
   * Upstream sockets to one subgraph that may be opened so that nobody who would lose messages shares one with a stranger:
   * see `gateway/subgraphs/streams/socket-pool.ts`.
   */
  readonly socketsToPart: number;
  /** Of one subscribe message to a subgraph; a subscription that has grown past it is refused with SUBSCRIPTION_TOO_LARGE. */
  readonly maxUpstreamRequestBytes: number;
  /** For so long a suspect stream is kept apart: see `gateway/subgraphs/streams/socket-pool.ts`. */
  readonly probationMs: number;
  /** How long a subgraph may stay away before its streams end with SUBGRAPH_UNREACHABLE. */
  readonly resumeWithinMs: number;
  /** Events of one stream that may wait for their entities; beyond it the stream is taken up again later. */
  readonly maxPendingEvents: number;
  /** Names of `Subscription` fields whose answer does not depend on who asks: they are asked without client headers. */
  readonly publicFields: ReadonlySet<string>;
  readonly maxConnections: number;
  /** From one client address, all live transports together; of IPv6 a /64 counts as one. 0: as many as there are in all. */
  readonly maxConnectionsPerAddress: number;
  readonly maxSubscriptionsPerConnection: number;
  /** Of one user, however many log-ins: see `quotas.ts`. Callers without `authorization` are not counted. */
  readonly maxSubscriptionsPerUser: number;
  readonly maxMessageBytes: number;
  /** From the opened socket to `connection_init`. */
  readonly initTimeoutMs: number;
  /** A peer that was silent for two of them is taken for gone. */
  readonly heartbeatMs: number;
  /** Bytes that one client may leave unread from one heartbeat to the next; a slower one is told to come back. */
  readonly maxBufferedBytes: number;
  /** After a schema swap, streams that are no longer valid end within this time, not all at once. */
  readonly swapSpreadMs: number;
  /** A drain closes the connections spread over this time. */
  readonly drainSpreadMs: number;
  /** A drain waits so long for queries and mutations under way. */
  readonly drainWithinMs: number;
}

export const DEFAULT_LIVE_CONFIG: LiveConfig = {
  upstreamUrls: new Map(),
  upstreamIdentity: 'operation',
  streamsPerUpstream: 2_000,
  socketsToPart: 64,
  maxUpstreamRequestBytes: SUBGRAPH_REQUEST_BYTES,
  probationMs: 5_000,
  resumeWithinMs: 30_000,
  maxPendingEvents: 256,
  publicFields: new Set(),
  maxConnections: 20_000,
  maxConnectionsPerAddress: 5_000,
  maxSubscriptionsPerConnection: 200,
  maxSubscriptionsPerUser: 1_000,
  maxMessageBytes: CLIENT_MESSAGE_BYTES,
  initTimeoutMs: 5_000,
  heartbeatMs: 12_000,
  maxBufferedBytes: 1024 * 1024,
  swapSpreadMs: 5_000,
  drainSpreadMs: 1_000,
  drainWithinMs: 5_000,
};
