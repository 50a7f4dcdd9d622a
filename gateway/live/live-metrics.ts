/** Plain counters since the start, and gauges of now. */
export interface LiveMetrics {
  /** Open client connections of all live transports. */
  connections: number;
  connectionsTotal: number;
  /** Client subscriptions now. */
  subscriptions: number;
  subscriptionsTotal: number;
  /** Upstream subscriptions now: what the clients' subscriptions share. */
  streams: number;
  streamsTotal: number;
  /** Streams of one operation that met at the same event and became one. */
  streamsMerged: number;
  upstreamSockets: number;
  upstreamReconnects: number;
  /** Sockets that subgraphs, or we, closed for what one of their streams said or was told. */
  upstreamFaults: number;
  /** Events that came from subgraphs. */
  events: number;
  /** Messages by which subgraphs said where a stream stands, without an event. */
  positions: number;
  /** Events times clients. */
  deliveries: number;
  /** Hears, once an event and stream, how long it took from its arrival to its delivery. */
  observeLag(seconds: number): void;
  /** Ends of connections and of streams, by reason. */
  readonly closes: Record<string, number>;
}

export function createLiveMetrics(): LiveMetrics {
  return {
    connections: 0,
    connectionsTotal: 0,
    subscriptions: 0,
    subscriptionsTotal: 0,
    streams: 0,
    streamsTotal: 0,
    streamsMerged: 0,
    upstreamSockets: 0,
    upstreamReconnects: 0,
    upstreamFaults: 0,
    events: 0,
    positions: 0,
    deliveries: 0,
    observeLag() {},
    closes: {},
  };
}

/** Some reasons are codes of subgraphs' own making. */
const REASONS_AT_MOST = 100;

export function countClose(metrics: LiveMetrics, reason: string): void {
  const { closes } = metrics;
  const counted =
    Object.hasOwn(closes, reason) || Object.keys(closes).length < REASONS_AT_MOST ? reason : 'other';
  closes[counted] = (closes[counted] ?? 0) + 1;
}
