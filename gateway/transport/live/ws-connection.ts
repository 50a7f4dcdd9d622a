import type { LiveConfig } from '#gateway/subscriptions/live-config.ts';
import type { LiveEvent } from '#gateway/subscriptions/live-event.ts';
import type { LiveRequest, StreamEnd, Subscriber, Subscription } from '#gateway/subscriptions/subscriber.ts';
import { failure } from '#gateway/subscriptions/subscriber.ts';
import type { Subscriptions } from '#gateway/subscriptions/subscriptions.ts';
import { tokenExpiry } from '#gateway/subscriptions/token-expiry.ts';
import { UnfitHeaderError } from '#gateway/upstream/forwarded-headers.ts';
import type { ForwardedHeaders } from '#gateway/upstream/upstream.ts';
import type { CloseName } from './ws-close-codes.ts';
import type { WsProtocol } from './ws-protocols.ts';

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
  readonly subscriptions: Subscriptions;
  readonly live: Pick<LiveConfig, 'initTimeoutMs' | 'maxSubscriptionsPerConnection'>;
  /** The forwarded headers of this client, given the payload of its `connection_init` or of a renewing ping. */
  headersFrom(payload: Readonly<Record<string, unknown>>): ForwardedHeaders;
}

const AUTHORIZATION = 'authorization';

export function createConnection(protocol: WsProtocol, peer: Peer, deps: ConnectionDeps): Connection {
  const operations = new Map<string, Subscription | undefined>();
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
    for (const operation of operations.values()) operation?.stop();
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
    for (const operation of operations.values()) operation?.renew(headers);
    peer.send(protocol.pong({ renewed: true }));
  }

  function subscribe(id: string, request: LiveRequest): void {
    if (headers === undefined) return close('unauthorized');
    if (operations.has(id)) return close('duplicateSubscriber');
    const end = (how: StreamEnd) => {
      operations.delete(id);
      if (open) peer.send(how.kind === 'failed' ? protocol.error(id, how.errors) : protocol.complete(id));
    };
    const most = deps.live.maxSubscriptionsPerConnection;
    if (operations.size >= most) {
      return end(failure('TOO_MANY_SUBSCRIPTIONS', `At most ${most} subscriptions a connection.`));
    }
    const head = protocol.nextHead(id);
    const subscriber: Subscriber = {
      next(event) {
        if (open) peer.sendEvent(head, event);
      },
      end,
    };
    operations.set(id, undefined);
    const subscription = deps.subscriptions.subscribe(request, { headers }, subscriber);
    if (operations.has(id)) operations.set(id, subscription);
  }

  return {
    get busy() {
      return Array.from(operations.values()).some((operation) => operation?.once);
    },
    receive(text) {
      if (!open) return;
      const message = protocol.read(text);
      switch (message?.kind) {
        case 'init':
          return initialise(message.payload);
        case 'subscribe':
          return subscribe(message.id, message.request);
        case 'stop': {
          const operation = operations.get(message.id);
          operations.delete(message.id);
          return operation?.stop();
        }
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
