import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import { countClose } from '#gateway/live/live-metrics.ts';
import { failure, type LiveRequest, type Subscriber, type Subscription } from '#gateway/live/subscriber.ts';
import type { Subscriptions } from '#gateway/live/subscriptions.ts';
import { tokenExpiry } from '#gateway/live/identity/token-expiry.ts';
import { CLIENT_ADDRESS_HEADER } from '#gateway/subgraphs/forwarded-headers.ts';
import type { ForwardedHeaders } from '#gateway/subgraphs/calls/calls.ts';
import type { HttpFraming } from './framing.ts';
import type { StreamName } from '#gateway/transport/http/accept.ts';
import { chooseStreamCoding } from '#gateway/transport/http/compression.ts';
import { addVary } from '#gateway/transport/http/vary.ts';
import { RequestRefusal } from '#gateway/transport/refusal.ts';
import type {
  ConnectionPlace,
  ConnectionPlaces,
  NoPlace,
} from '#gateway/transport/live/connection-places.ts';
import type { Backlog, Outgoing } from '#gateway/transport/live/outgoing.ts';
import { multipart } from './multipart.ts';
import { sse } from './sse.ts';
import {
  encodedPieces,
  plainPieces,
  type StreamPieces,
} from '#gateway/transport/live/coding/stream-pieces.ts';

export interface HttpStreams extends AsyncDisposable {
  /**
   * Answers an operation with a stream in the framing that the client takes; it takes over the reply.
   * @throws {RequestRefusal} when there are as many as may be
   */
  open(
    name: StreamName,
    operation: LiveRequest,
    request: FastifyRequest,
    reply: FastifyReply,
    forwarded: ForwardedHeaders,
  ): FastifyReply;
  /** Tells every client to come back; resolves when queries and mutations under way have been answered, within a bound. */
  drain(): Promise<void>;
}

export interface HttpStreamsDeps {
  readonly subscriptions: Subscriptions;
  readonly live: LiveConfig;
  readonly outgoing: Outgoing;
  readonly places: ConnectionPlaces;
  /** For clients that ask for it. */
  readonly compress: boolean;
}

interface Client {
  readonly response: ServerResponse;
  readonly framing: HttpFraming;
  readonly pieces: StreamPieces;
  readonly expiresAt: number;
  subscription: Subscription | undefined;
  readonly backlog: Backlog;
  write(bytes: Buffer | string): void;
  closedFor: string;
}

const FRAMINGS: Readonly<Record<StreamName, HttpFraming>> = { sse, multipart };
const PLAIN: Readonly<Record<StreamName, StreamPieces>> = {
  sse: plainPieces(sse),
  multipart: plainPieces(multipart),
};
const SWEEP_MS = 1_000;
const DRAIN_POLL_MS = 20;
const TOKEN_EXPIRED = failure('UNAUTHENTICATED', 'The token has expired.', {
  reason: 'TOKEN_EXPIRED',
  retryable: true,
});

const REFUSALS: Readonly<Record<NoPlace, () => RequestRefusal>> = {
  full: () =>
    new RequestRefusal(503, 'OVERLOADED', 'There are too many live connections.', { 'retry-after': '1' }),
  fullForAddress: () =>
    new RequestRefusal(
      429,
      'TOO_MANY_CONNECTIONS',
      'There are too many live connections from your address: close some, or come back later.',
      { 'retry-after': '10' },
    ),
};

/** Subscriptions over HTTP answers that do not end: server-sent events and multipart. */
export function createHttpStreams({
  subscriptions,
  live,
  outgoing,
  places,
  compress,
}: HttpStreamsDeps): HttpStreams {
  const { metrics } = subscriptions;
  const clients = new Set<Client>();

  function stream(
    framing: HttpFraming,
    pieces: StreamPieces,
    operation: LiveRequest,
    request: FastifyRequest,
    response: ServerResponse,
    forwarded: ForwardedHeaders,
    place: ConnectionPlace,
  ): void {
    const client: Client = {
      response,
      framing,
      pieces,
      expiresAt: tokenExpiry(forwarded),
      subscription: undefined,
      backlog: outgoing.open(response, () => cut(client, 'tooSlow')),
      write(bytes) {
        if (response.writableEnded || response.destroyed) return;
        response.write(bytes);
        client.backlog.wrote(Buffer.byteLength(bytes));
      },
      closedFor: 'client',
    };
    const subscriber: Subscriber = {
      position(cursor) {
        const bytes = framing.position?.(cursor);
        if (bytes) client.write(pieces.text(bytes));
      },
      next(event) {
        client.write(pieces.event(event));
      },
      end: (end) => finish(client, end.kind, framing.ending(end)),
    };
    const context = { headers: forwarded, cursor: lastEventId(request.headers), requestId: request.id };
    clients.add(client);
    client.subscription = subscriptions.subscribe(operation, context, subscriber);
    response.on('error', () => {});
    response.on('close', () => {
      clients.delete(client);
      client.backlog.close();
      place.release();
      countClose(metrics, client.closedFor);
      client.subscription?.stop();
    });
  }

  function finish(client: Client, reason: string, lastBytes: string): void {
    if (client.response.writableEnded) return;
    client.closedFor = reason;
    client.response.end(client.pieces.last(lastBytes));
    // A peer that is gone without a word may keep its socket open for long yet.
    client.subscription?.stop();
  }

  /** There is no way to tell a client that does not read. It comes back with its last cursor. */
  function cut(client: Client, reason: string): void {
    client.closedFor = reason;
    client.response.destroy();
  }

  function sweep(): void {
    const now = Date.now();
    for (const client of clients) {
      if (now >= client.expiresAt) finish(client, 'tokenExpired', client.framing.ending(TOKEN_EXPIRED));
    }
  }

  /**
   * A peer that vanished without a word is noticed when bytes pile up here, at the latest when TCP gives up on what was
   * never acknowledged. Node cannot bound that: it has no TCP_USER_TIMEOUT, and the system sends none of the keep-alive
   * probes that Node can set while a heartbeat waits for its acknowledgement. On Linux `net.ipv4.tcp_retries2` bounds it.
   */
  function beat(): void {
    for (const client of clients) {
      if (client.backlog.look() === 'stands still') cut(client, 'half-open');
      else client.write(client.pieces.text(client.framing.heartbeat));
    }
  }

  function tellAll(): void {
    for (const client of clients) finish(client, 'restart', client.framing.comeBack);
  }

  async function drain(): Promise<void> {
    const deadline = Date.now() + live.drainWithinMs;
    for (const client of clients) {
      if (!client.subscription?.once) finish(client, 'restart', client.framing.comeBack);
    }
    while (clients.size > 0 && Date.now() < deadline) await sleep(DRAIN_POLL_MS);
    tellAll();
  }

  // Two timers for all clients, whatever their number.
  const beating = setInterval(beat, live.heartbeatMs);
  const sweeping = setInterval(sweep, SWEEP_MS);

  return {
    open(name, operation, request, reply, forwarded) {
      // Who has gone while the request was looked at would never be seen to go.
      if (reply.raw.closed) return reply.hijack();
      const place = places.take(forwarded[CLIENT_ADDRESS_HEADER]);
      if (typeof place === 'string') throw REFUSALS[place]();
      const framing = FRAMINGS[name];
      const coding = compress ? chooseStreamCoding(request.headers['accept-encoding']) : undefined;
      const pieces = coding === undefined ? PLAIN[name] : encodedPieces(framing, coding);
      if (coding !== undefined) addVary(reply.header('content-encoding', coding), 'accept-encoding');
      const { raw: response } = reply.hijack();
      response.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': framing.contentType,
        'cache-control': 'no-store',
        // Asks nginx and its like not to hold events back.
        'x-accel-buffering': 'no',
      });
      response.write(pieces.opening);
      stream(framing, pieces, operation, request, response, forwarded, place);
      return reply;
    },
    drain,
    async [Symbol.asyncDispose]() {
      clearInterval(beating);
      clearInterval(sweeping);
      tellAll();
    },
  };
}

function lastEventId(headers: IncomingHttpHeaders): string | undefined {
  const value = headers['last-event-id'];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
