import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/settings.ts';
import type { Gateway } from '#gateway/gateway.ts';
import type { ErrorMask } from '#gateway/errors.ts';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import type { LiveMetrics } from '#gateway/live/live-metrics.ts';
import { createSubscriptions } from '#gateway/live/subscriptions.ts';
import type { PersistedQueries } from '#gateway/transport/persisted-queries.ts';
import type { ClientAddress } from '#gateway/transport/client-address.ts';
import { createConnectionPlaces } from './connection-places.ts';
import { createOutgoing } from './outgoing.ts';
import { createHttpStreams, type HttpStreams } from './http/streams.ts';
import { serveWebSocket, type WebSocketEndpoint } from './ws/ws.ts';

/** Everything live behind one endpoint: the shared streams and the four ways to them. */
export interface LiveEndpoint extends AsyncDisposable {
  readonly metrics: LiveMetrics;
  /** Server-sent events and multipart: for the HTTP handler of the endpoint. */
  readonly http: HttpStreams;
  /** Takes the WebSockets of `server`. Once. */
  attach(server: Server): void;
  /** Tells every client to come back (1012, or a stream that ends so); resolves when all have been told. */
  drain(): Promise<void>;
}

export interface LiveEndpointDeps {
  readonly path: string;
  readonly clientAddress: ClientAddress;
  readonly gateway: Pick<Gateway, 'current' | 'upstreams' | 'onSwap' | 'execute'>;
  readonly upstream: GatewayConfig['upstream'];
  readonly live: LiveConfig;
  readonly persisted: PersistedQueries;
  /** Streams over HTTP are compressed for clients that ask for it. */
  readonly compressStreams: boolean;
  readonly corsOrigins: GatewayConfig['corsOrigins'];
  readonly mask: ErrorMask;
  readonly logger: Logger;
}

export function createLiveEndpoint(deps: LiveEndpointDeps): LiveEndpoint {
  const { path, live, logger } = deps;
  const subscriptions = createSubscriptions(deps);
  const outgoing = createOutgoing(live.maxBufferedBytes);
  const places = createConnectionPlaces(live, subscriptions.metrics);
  const http = createHttpStreams({ subscriptions, live, outgoing, places, compress: deps.compressStreams });
  let webSockets: WebSocketEndpoint | undefined;
  return {
    metrics: subscriptions.metrics,
    http,
    attach(server) {
      const { forwardHeaders } = deps.upstream;
      webSockets ??= serveWebSocket(server, {
        path,
        clientAddress: deps.clientAddress,
        subscriptions,
        persisted: deps.persisted,
        live,
        outgoing,
        places,
        forwardHeaders,
        corsOrigins: deps.corsOrigins,
        logger,
      });
    },
    async drain() {
      await Promise.all([http.drain(), webSockets?.drain()]);
    },
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await webSockets?.[Symbol.asyncDispose]();
      await subscriptions[Symbol.asyncDispose]();
    },
  };
}
