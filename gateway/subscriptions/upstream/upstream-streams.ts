import type { Logger } from 'pino';
import { type UpstreamConfig, urlVariable } from '#gateway/config.ts';
import type { Subgraph } from '#gateway/supergraph/supergraph.ts';
import { identityOf } from '#gateway/upstream/forwarded-headers.ts';
import type { ForwardedHeaders, SubgraphRequest } from '#gateway/upstream/upstream.ts';
import { SECRET_HEADER } from '#gateway/upstream/upstreams.ts';
import type { LiveConfig } from '#gateway/subscriptions/live-config.ts';
import type { LiveMetrics } from '#gateway/subscriptions/live-metrics.ts';
import { createUpstreamSocket, type UpstreamSink, type UpstreamSocket } from './upstream-socket.ts';

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
  const pools = new Map<string, UpstreamSocket[]>();
  const perOperation = live.upstreamIdentity === 'operation';

  function socketFor(subgraph: string, url: string, headers: ForwardedHeaders): UpstreamSocket {
    const key = `${subgraph}\n${url}\n${perOperation ? '' : identityOf(headers)}`;
    let pool = pools.get(key);
    if (pool === undefined) pools.set(key, (pool = []));
    const sockets = pool;
    const roomy = sockets.find(({ streams }) => streams < live.streamsPerUpstream);
    if (roomy !== undefined) return roomy;
    const socket = createUpstreamSocket({
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
      metrics,
      logger,
      onClosed: () => {
        sockets.splice(sockets.indexOf(socket), 1);
        if (sockets.length === 0 && pools.get(key) === sockets) pools.delete(key);
      },
    });
    sockets.push(socket);
    return socket;
  }

  return {
    urlOf({ name, url }) {
      const variable = urlVariable(name);
      const explicit = live.upstreamUrls.get(variable);
      return explicit ?? (upstream.urls.get(variable) ?? url).replace(/^http/i, 'ws');
    },
    open({ subgraph, url }, request, headers, sink) {
      return socketFor(subgraph, url, headers).open(request, headers, sink);
    },
    [Symbol.dispose]() {
      for (const socket of [...pools.values()].flat()) socket[Symbol.dispose]();
      pools.clear();
    },
  };
}
