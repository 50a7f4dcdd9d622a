import type { IncomingHttpHeaders, IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { hostFault } from '#platform/http/request-head.ts';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import { countClose } from '#gateway/live/live-metrics.ts';
import type { Subscriptions } from '#gateway/live/subscriptions.ts';
import { forwardHeaders } from '#gateway/subgraphs/forwarded-headers.ts';
import type { PersistedQueries } from '#gateway/transport/persisted-queries.ts';
import type { ClientAddress } from '#gateway/transport/client-address.ts';
import {
  CLOSE,
  CLOSED_BY_CLIENT,
  CLOSED_BY_SILENCE,
  closedByLibrary,
  type CloseName,
} from './close-codes.ts';
import { type Connection, createConnection, type Peer } from './connection.ts';
import type { ConnectionPlace, ConnectionPlaces } from '#gateway/transport/live/connection-places.ts';
import type { Backlog, Outgoing } from '#gateway/transport/live/outgoing.ts';
import { createPong } from './pong.ts';
import { isForeignPage } from './origin.ts';
import { PING, textFrame } from './frame.ts';
import { WS_PROTOCOLS, type WsProtocol } from './protocols.ts';

export interface WebSocketDeps {
  readonly path: string;
  readonly subscriptions: Subscriptions;
  readonly persisted: PersistedQueries;
  readonly live: LiveConfig;
  readonly outgoing: Outgoing;
  readonly places: ConnectionPlaces;
  /** Lower case: what subgraphs get of a client's upgrade request and `connection_init`. */
  readonly forwardHeaders: readonly string[];
  readonly clientAddress: ClientAddress;
  /** Whose pages may connect, where cookies are forwarded. */
  readonly corsOrigins: readonly (string | RegExp)[];
  readonly logger: Logger;
}

export interface WebSocketEndpoint extends AsyncDisposable {
  /** Takes no new connection and tells every client to come back, spread over the drain time. */
  drain(): Promise<void>;
}

interface Client {
  readonly connection: Connection;
  readonly socket: WebSocket;
  readonly backlog: Backlog;
  /** Asks for a sign of life, and gives one. */
  beat(): void;
  closedFor: string | undefined;
  heardSincePing: boolean;
}

const SWEEP_MOST_MS = 1_000;
/** A drain closes an equal share of the connections in each. */
const DRAIN_TURNS = 10;
const LONGEST_CLOSE_REASON_BYTES = 123;
/** For a client to answer the closing handshake; then the socket is cut. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Takes WebSockets of both subprotocols at `path` of `server`; an upgrade anywhere else is answered with 404. */
export function serveWebSocket(server: Server, deps: WebSocketDeps): WebSocketEndpoint {
  const { live, subscriptions } = deps;
  const { metrics } = subscriptions;
  const hasCookies = deps.forwardHeaders.includes('cookie');
  const clients = new Set<Client>();
  let draining = false;
  const endpoint = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: live.maxMessageBytes,
    // One message a turn of the event loop: who sends thousands in a row shares it with everybody else.
    allowSynchronousEvents: false,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (offered) => WS_PROTOCOLS.find(({ name }) => offered.has(name))?.name ?? false,
  } as ConstructorParameters<typeof WebSocketServer>[0]);

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (hostFault(request) !== undefined) return answer(socket, '400 Bad Request');
    if (request.url?.split('?', 1)[0] !== deps.path) return answer(socket, '404 Not Found');
    if (draining) return answer(socket, '503 Service Unavailable');
    const { headers } = request;
    if (hasCookies && isForeignPage(headers, deps.corsOrigins)) return answer(socket, '403 Forbidden');
    endpoint.handleUpgrade(request, socket, head, (webSocket) =>
      accept(webSocket, socket as Socket, headers),
    );
  }

  function accept(socket: WebSocket, raw: Socket, upgradeHeaders: IncomingHttpHeaders): void {
    const protocol = WS_PROTOCOLS.find(({ name }) => name === socket.protocol);
    if (protocol === undefined) {
      countClose(metrics, 'noSubprotocol');
      return refuse(socket, 'noSubprotocol');
    }
    const address = deps.clientAddress(upgradeHeaders, raw.remoteAddress);
    const place = deps.places.take(address);
    if (typeof place === 'string') return refuse(socket, place);
    open(socket, raw, protocol, upgradeHeaders, address, place);
  }

  function refuse(socket: WebSocket, why: CloseName): void {
    socket.on('error', () => {});
    socket.close(CLOSE[why].code, CLOSE[why].reason);
  }

  function open(
    socket: WebSocket,
    raw: Socket,
    protocol: WsProtocol,
    upgradeHeaders: IncomingHttpHeaders,
    clientAddress: string | undefined,
    place: ConnectionPlace,
  ): void {
    const write = (frame: Buffer, taken?: () => void): void => {
      if (socket.readyState !== WebSocket.OPEN) return;
      // Whole frames go past the library, which would frame each anew for each client.
      raw.write(frame, taken);
      backlog.wrote(frame.length);
    };
    const backlog = deps.outgoing.open(raw, () => end(client, 'tooSlow'));
    const pong = createPong(write);
    const peer: Peer = {
      send: (text) => write(textFrame('', Buffer.from(text), '')),
      sendEvent: (head, event) => write(event.bytes(head, (payload) => textFrame(head, payload, '}'))),
      close: (why, reason) => closeSocket(client, why, reason),
    };
    const connection = createConnection(protocol, peer, {
      persisted: deps.persisted,
      subscriptions,
      live,
      headersFrom: (payload) =>
        forwardHeaders(
          { ...upgradeHeaders, ...textsOf(payload) },
          deps.forwardHeaders,
          undefined,
          clientAddress,
        ),
    });
    const client: Client = {
      connection,
      socket,
      backlog,
      beat() {
        write(PING);
        if (protocol.keepAlive !== undefined) peer.send(protocol.keepAlive);
      },
      closedFor: undefined,
      heardSincePing: true,
    };
    clients.add(client);
    socket.on('message', (data: Buffer, isBinary) => {
      client.heardSincePing = true;
      if (isBinary) return closeSocket(client, 'invalidMessage');
      try {
        connection.receive(data.toString());
      } catch (error) {
        deps.logger.error({ err: error }, 'a live message could not be handled');
        end(client, 'internalError');
      }
    });
    socket.on('ping', pong);
    socket.on('pong', () => {
      client.heardSincePing = true;
    });
    socket.on('error', (error) => {
      client.closedFor ??= closedByLibrary('code' in error ? String(error.code) : '');
    });
    socket.on('close', () => {
      clients.delete(client);
      backlog.close();
      place.release();
      countClose(metrics, client.closedFor ?? CLOSED_BY_CLIENT);
      connection.closed();
    });
  }

  /** Closes from outside of the protocol. */
  function end(client: Client, why: CloseName): void {
    closeSocket(client, why);
    client.connection.closed();
  }

  function closeSocket(client: Client, why: CloseName, reason: string = CLOSE[why].reason): void {
    client.closedFor ??= why;
    client.socket.close(CLOSE[why].code, closeReason(reason));
  }

  function beat(): void {
    for (const client of clients) {
      const { socket } = client;
      // Who is busy reading what is already on its way may not have come to our ping yet.
      const reads = client.backlog.look() === 'reads' && client.backlog.pending;
      if (!client.heardSincePing && !reads) {
        client.closedFor ??= CLOSED_BY_SILENCE;
        socket.terminate();
      } else {
        client.heardSincePing = false;
        client.beat();
      }
    }
  }

  function sweep(): void {
    const now = Date.now();
    for (const { connection } of clients) connection.sweep(now);
  }

  server.on('upgrade', upgrade);
  // Two timers for all clients, whatever their number.
  const beating = setInterval(beat, live.heartbeatMs);
  const sweeping = setInterval(sweep, Math.min(SWEEP_MOST_MS, live.initTimeoutMs));
  const stopTimers = () => {
    clearInterval(beating);
    clearInterval(sweeping);
  };

  return {
    async drain() {
      draining = true;
      const deadline = Date.now() + live.drainWithinMs;
      for (let turns = DRAIN_TURNS; ; turns = Math.max(turns - 1, 1)) {
        const open = [...clients].filter(({ closedFor }) => closedFor === undefined);
        if (open.length === 0) return;
        // Who waits for an answer goes last, so that it still comes.
        const ready = Date.now() >= deadline ? open : open.filter(({ connection }) => !connection.busy);
        for (const client of ready.slice(0, Math.ceil(open.length / turns))) end(client, 'restart');
        await sleep(live.drainSpreadMs / DRAIN_TURNS);
      }
    },
    async [Symbol.asyncDispose]() {
      draining = true;
      stopTimers();
      server.off('upgrade', upgrade);
      const closed = [...clients].map(
        (client) =>
          new Promise((resolve) => {
            client.socket.once('close', resolve);
            end(client, 'restart');
            setTimeout(() => client.socket.terminate(), 100).unref();
          }),
      );
      await Promise.all(closed);
    },
  };
}

/** A close frame has room for so many bytes (RFC 6455, 5.5). */
function closeReason(text: string): Buffer {
  return Buffer.from(text).subarray(0, LONGEST_CLOSE_REASON_BYTES);
}

function answer(socket: Duplex, status: string): void {
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Credentials in `connection_init` stand at the top or under `headers`, with names in any case. */
function textsOf(payload: Readonly<Record<string, unknown>>): IncomingHttpHeaders {
  const nested = payload['headers'];
  const entries = Object.entries(
    typeof nested === 'object' && nested !== null ? { ...nested, ...payload } : payload,
  );
  const texts: IncomingHttpHeaders = {};
  for (const [name, value] of entries) if (typeof value === 'string') texts[name.toLowerCase()] = value;
  return texts;
}
