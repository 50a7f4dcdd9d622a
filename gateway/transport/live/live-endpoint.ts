import type { Server } from 'node:http';
import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/settings.ts';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import type { Subscriptions } from '#gateway/live/subscriptions.ts';
import type { PersistedQueries } from '#gateway/transport/persisted-queries.ts';
import type { ClientAddress } from '#gateway/transport/client-address.ts';
import { createConnectionPlaces } from './connection-places.ts';
import { createOutgoing } from './outgoing.ts';
import { createHttpStreams, type HttpStreams } from './http/streams.ts';
import { serveWebSocket, type WebSocketEndpoint } from './ws/ws.ts';

/** The four ways to the live engine behind one endpoint. */
export interface LiveEndpoint extends AsyncDisposable {
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
  readonly subscriptions: Subscriptions;
  readonly upstream: GatewayConfig['upstream'];
  readonly live: LiveConfig;
  readonly persisted: PersistedQueries;
  /** Streams over HTTP are compressed for clients that ask for it. */
  readonly compressStreams: boolean;
  readonly corsOrigins: GatewayConfig['corsOrigins'];
  readonly logger: Logger;
}

export function createLiveEndpoint(deps: LiveEndpointDeps): LiveEndpoint {
  const { path, live, subscriptions, logger } = deps;
  const outgoing = createOutgoing(live.maxBufferedBytes);
  const places = createConnectionPlaces(live, subscriptions.metrics);
  const http = createHttpStreams({ subscriptions, live, outgoing, places, compress: deps.compressStreams });
  let webSockets: WebSocketEndpoint | undefined;
  return {
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
    },
  };
}
