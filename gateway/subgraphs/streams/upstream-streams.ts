import type { Logger } from 'pino';
import { type UpstreamConfig, urlVariable } from '#gateway/settings.ts';
import type { Subgraph } from '#gateway/supergraph/supergraph.ts';
import { identityOf } from '#gateway/subgraphs/forwarded-headers.ts';
import type { ForwardedHeaders, SubgraphRequest } from '#gateway/subgraphs/calls/calls.ts';
import { SECRET_HEADER } from '#gateway/subgraphs/calls/create-calls.ts';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import type { LiveMetrics } from '#gateway/live/live-metrics.ts';
import { createSocketPool, type SocketPool } from './socket-pool.ts';
import { createUpstreamSocket } from './upstream-socket.ts';
import type { UpstreamSink, UpstreamStream } from './upstream-stream.ts';

/** The live wires to all subgraphs: streams over as few sockets as their identities allow. */
export interface UpstreamStreams extends Disposable {
  /** Where `subgraph` takes its sockets. */
  urlOf(subgraph: Subgraph): string;
  /** Starts a stream that survives the loss of its connection; the returned function ends it at once. */
  open(
    target: { readonly subgraph: string; readonly url: string },
    request: SubgraphRequest,
    headers: ForwardedHeaders,
    sink: UpstreamSink,
  ): () => void;
}

export interface UpstreamStreamsDeps {
  readonly live: LiveConfig;
  readonly upstream: UpstreamConfig;
  readonly metrics: LiveMetrics;
  readonly logger: Logger;
}

export function createUpstreamStreams({
  live,
  upstream,
  metrics,
  logger,
}: UpstreamStreamsDeps): UpstreamStreams {
  /** By subgraph, URL and, where it matters, identity. */
  const pools = new Map<string, SocketPool>();
  const perOperation = live.upstreamIdentity === 'operation';

  function poolFor(subgraph: string, url: string, headers: ForwardedHeaders): SocketPool {
    const key = `${subgraph}\n${url}\n${perOperation ? '' : identityOf(headers)}`;
    const known = pools.get(key);
    if (known !== undefined) return known;
    const wire = {
      subgraph,
      url,
      greeting: {
        ...(perOperation ? {} : headers),
        ...(upstream.secret !== undefined && { [SECRET_HEADER]: upstream.secret }),
      },
      headersPerOperation: perOperation,
      connectTimeoutMs: upstream.connectTimeoutMs,
      heartbeatMs: live.heartbeatMs,
      resumeWithinMs: live.resumeWithinMs,
      maxMessageBytes: upstream.maxResponseBytes,
      maxRequestBytes: live.maxUpstreamRequestBytes,
      metrics,
      logger,
    };
    const pool = createSocketPool({
      subgraph,
      streamsPerSocket: live.streamsPerUpstream,
      socketsToPart: live.socketsToPart,
      probationMs: live.probationMs,
      outlastsStreams: perOperation,
      metrics,
      connect: (events) => createUpstreamSocket(wire, events),
      onEmpty: () => {
        if (pools.get(key) === pool) pools.delete(key);
      },
    });
    pools.set(key, pool);
    return pool;
  }

  return {
    urlOf({ name, url }) {
      const variable = urlVariable(name);
      const explicit = live.upstreamUrls.get(variable);
      return explicit ?? (upstream.urls.get(variable) ?? url).replace(/^http/i, 'ws');
    },
    open({ subgraph, url }, request, headers, sink) {
      const pool = poolFor(subgraph, url, headers);
      const stream: UpstreamStream = { request, headers, sink, id: '', askedAt: 0, proven: false };
      pool.open(stream);
      return () => pool.close(stream);
    },
    [Symbol.dispose]() {
      for (const pool of pools.values()) pool[Symbol.dispose]();
      pools.clear();
    },
  };
}
