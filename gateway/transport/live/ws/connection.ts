import type { GraphQLFormattedError } from 'graphql';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import type { LiveEvent } from '#gateway/live/live-event.ts';
import type { LiveRequest, StreamEnd, Subscriber, Subscription } from '#gateway/live/subscriber.ts';
import { failure } from '#gateway/live/subscriber.ts';
import type { Subscriptions } from '#gateway/live/subscriptions.ts';
import { tokenExpiry } from '#gateway/live/identity/token-expiry.ts';
import { UnfitHeaderError } from '#gateway/subgraphs/forwarded-headers.ts';
import type { ForwardedHeaders } from '#gateway/subgraphs/calls/calls.ts';
import type { PersistedQueries } from '#gateway/transport/persisted-queries.ts';
import type { CloseName } from './close-codes.ts';
import type { WsProtocol } from './protocols.ts';

/*
 * One client connection, in either subprotocol, over any socket. Its states:
 *
 *   opened ─init─▶ acknowledged ─▶ closed          opened ─anything else, or silence─▶ closed
 *
 * A token is renewed in band by a `ping` whose payload has `authorization`: every subscription goes on under the new
 * identity, behind the last event it delivered.
 */

/** What the connection needs of its socket. After `close` it sends nothing. */
export interface Peer {
  send(text: string): void;
  /** `head`, the event's payload and `}` as one message. */
  sendEvent(head: string, event: LiveEvent): void;
  /** @param reason more than the name says */
  close(why: CloseName, reason?: string): void;
}

export interface Connection {
  /** Queries or mutations are under way. */
  readonly busy: boolean;
  receive(text: string): void;
  /** Called every now and then: ends what has waited too long or has expired. */
  sweep(now: number): void;
  /** The socket is gone. */
  closed(): void;
}

export interface ConnectionDeps {
  readonly persisted: PersistedQueries;
  readonly subscriptions: Subscriptions;
  readonly live: Pick<LiveConfig, 'initTimeoutMs' | 'maxMessageBytes' | 'maxSubscriptionsPerConnection'>;
  /** The forwarded headers of this client, given the payload of its `connection_init` or of a renewing ping. */
  headersFrom(payload: Readonly<Record<string, unknown>>): ForwardedHeaders;
}

interface Operation {
  subscription: Subscription | undefined;
  /** Of the message that it came with, in characters. */
  readonly length: number;
}

/** So many messages of the largest size are kept for one connection, as long as what they asked for goes on. */
const MESSAGES_HELD = 8;
const AUTHORIZATION = 'authorization';

export function createConnection(protocol: WsProtocol, peer: Peer, deps: ConnectionDeps): Connection {
  const operations = new Map<string, Operation>();
  /** Characters of the messages that they came with. */
  let held = 0;
  const initBy = Date.now() + deps.live.initTimeoutMs;
  let headers: ForwardedHeaders | undefined;
  let expiresAt = Infinity;
  let open = true;

  function close(why: CloseName, reason?: string): void {
    if (!open) return;
    stopAll();
    peer.close(why, reason);
  }

  function stopAll(): void {
    open = false;
    for (const { subscription } of operations.values()) subscription?.stop();
    operations.clear();
  }

  /** False when the token, or another header, is of no use, and the connection closed. */
  function identify(payload: Readonly<Record<string, unknown>>): boolean {
    try {
      headers = deps.headersFrom(payload);
    } catch (error) {
      if (!(error instanceof UnfitHeaderError)) throw error;
      close('unfitHeader', error.message);
      return false;
    }
    expiresAt = tokenExpiry(headers);
    if (expiresAt > Date.now()) return true;
    close('tokenExpired');
    return false;
  }

  function initialise(payload: Readonly<Record<string, unknown>>): void {
    if (headers !== undefined) return close('tooManyInits');
    if (!identify(payload)) return;
    peer.send(protocol.ack);
    if (protocol.keepAlive !== undefined) peer.send(protocol.keepAlive);
  }

  function answerPing(payload: Readonly<Record<string, unknown>>): void {
    if (headers === undefined || !(AUTHORIZATION in payload)) return peer.send(protocol.pong(undefined));
    if (!identify(payload)) return;
    for (const { subscription } of operations.values()) subscription?.renew(headers);
    peer.send(protocol.pong({ renewed: true }));
  }

  function forget(id: string): Operation | undefined {
    const operation = operations.get(id);
    held -= operation?.length ?? 0;
    operations.delete(id);
    return operation;
  }

  function refuse(id: string, errors: readonly GraphQLFormattedError[]): void {
    if (headers === undefined) return close('unauthorized');
    if (operations.has(id)) return close('duplicateSubscriber');
    peer.send(protocol.error(id, errors));
  }

  function subscribe(id: string, request: LiveRequest, length: number): void {
    if (headers === undefined) return close('unauthorized');
    if (operations.has(id)) return close('duplicateSubscriber');
    const end = (how: StreamEnd) => {
      forget(id);
      if (open) peer.send(how.kind === 'failed' ? protocol.error(id, how.errors) : protocol.complete(id));
    };
    const most = deps.live.maxSubscriptionsPerConnection;
    if (operations.size >= most) {
      return end(failure('TOO_MANY_SUBSCRIPTIONS', `At most ${most} subscriptions a connection.`));
    }
    const mostHeld = MESSAGES_HELD * deps.live.maxMessageBytes;
    if (held + length > mostHeld) {
      const why = `The subscriptions of a connection may have at most ${mostHeld} characters in all.`;
      return end(failure('TOO_MANY_SUBSCRIPTIONS', why));
    }
    const head = protocol.nextHead(id);
    const subscriber: Subscriber = {
      next(event) {
        if (open) peer.sendEvent(head, event);
      },
      end,
    };
    const operation: Operation = { subscription: undefined, length };
    operations.set(id, operation);
    held += length;
    // It may have ended by the time that this returns.
    operation.subscription = deps.subscriptions.subscribe(request, { headers }, subscriber);
  }

  return {
    get busy() {
      return Array.from(operations.values()).some(({ subscription }) => subscription?.once);
    },
    receive(text) {
      if (!open) return;
      const message = protocol.read(text, deps.persisted);
      switch (message?.kind) {
        case 'init':
          return initialise(message.payload);
        case 'subscribe':
          return subscribe(message.id, message.request, text.length);
        case 'refused':
          return refuse(message.id, message.errors);
        case 'stop':
          return forget(message.id)?.subscription?.stop();
        case 'ping':
          return answerPing(message.payload);
        case 'pong':
          return;
        case 'terminate':
          return close('normal');
        case undefined:
          return close('invalidMessage');
      }
    },
    sweep(now) {
      if (headers === undefined && now >= initBy) close('initTimeout');
      else if (now >= expiresAt) close('tokenExpired');
    },
    closed: stopAll,
  };
}
