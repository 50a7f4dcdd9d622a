import type { GraphQLFormattedError } from 'graphql';
import { parseRequestJson } from '#gateway/json/exact-json.ts';
import type { LiveRequest } from '#gateway/live/subscriber.ts';
import { readGraphqlRequest } from '#gateway/transport/graphql-request.ts';
import type { PersistedQueries } from '#gateway/transport/persisted-queries.ts';
import { RequestRefusal } from '#gateway/transport/refusal.ts';

/** What a client may say, whichever of the two protocols it speaks. */
export type ClientMessage =
  | { readonly kind: 'init'; readonly payload: Readonly<Record<string, unknown>> }
  | { readonly kind: 'subscribe'; readonly id: string; readonly request: LiveRequest }
  | { readonly kind: 'refused'; readonly id: string; readonly errors: readonly GraphQLFormattedError[] }
  | { readonly kind: 'stop'; readonly id: string }
  | { readonly kind: 'ping'; readonly payload: Readonly<Record<string, unknown>> }
  | { readonly kind: 'pong' }
  | { readonly kind: 'terminate' };

/** The two subprotocols differ in words alone: this is one of them, without state. */
export interface WsProtocol {
  readonly name: string;
  /** Undefined for anything that the protocol does not know. */
  read(text: string, persisted: PersistedQueries): ClientMessage | undefined;
  readonly ack: string;
  /** Sent after the acknowledgement and with each heartbeat. */
  readonly keepAlive: string | undefined;
  pong(payload: Readonly<Record<string, unknown>> | undefined): string;
  /** What stands before an event's payload; `}` comes after it. */
  nextHead(id: string): string;
  error(id: string, errors: readonly GraphQLFormattedError[]): string;
  complete(id: string): string;
}

/** https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const graphqlTransportWs: WsProtocol = {
  name: 'graphql-transport-ws',
  read(text, persisted) {
    const message = parse(text);
    const payload = optionalRecord(message?.['payload']);
    if (message === undefined || payload === undefined) return undefined;
    const id = message['id'];
    switch (message['type']) {
      case 'connection_init':
        return { kind: 'init', payload };
      case 'ping':
        return { kind: 'ping', payload };
      case 'pong':
        return { kind: 'pong' };
      case 'subscribe':
        return readSubscribe(id, payload, persisted);
      case 'complete':
        return isId(id) ? { kind: 'stop', id } : undefined;
      default:
        return undefined;
    }
  },
  ack: '{"type":"connection_ack"}',
  keepAlive: undefined,
  pong: (payload) => JSON.stringify({ type: 'pong', payload }),
  nextHead: (id) => `{"id":${JSON.stringify(id)},"type":"next","payload":`,
  error: (id, errors) => JSON.stringify({ id, type: 'error', payload: errors }),
  complete: (id) => JSON.stringify({ id, type: 'complete' }),
};

/** https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md */
export const legacyGraphqlWs: WsProtocol = {
  name: 'graphql-ws',
  read(text, persisted) {
    const message = parse(text);
    const payload = optionalRecord(message?.['payload']);
    if (message === undefined || payload === undefined) return undefined;
    // Some clients count in numbers; they get back what they sent as text.
    const id = typeof message['id'] === 'number' ? String(message['id']) : message['id'];
    switch (message['type']) {
      case 'connection_init':
        return { kind: 'init', payload };
      case 'start':
        return readSubscribe(id, payload, persisted);
      case 'stop':
        return isId(id) ? { kind: 'stop', id } : undefined;
      case 'connection_terminate':
        return { kind: 'terminate' };
      default:
        return undefined;
    }
  },
  ack: '{"type":"connection_ack"}',
  keepAlive: '{"type":"ka"}',
  pong: () => '{"type":"ka"}',
  nextHead: (id) => `{"id":${JSON.stringify(id)},"type":"data","payload":`,
  // One error object is all there is room for; the first one says why.
  error: (id, [first = { message: 'failed' }]) => JSON.stringify({ id, type: 'error', payload: first }),
  complete: (id) => JSON.stringify({ id, type: 'complete' }),
};

export const WS_PROTOCOLS: readonly WsProtocol[] = [graphqlTransportWs, legacyGraphqlWs];

/**
 * What is no request is not of the protocol. That a persisted query is not known is an answer to one: clients then send
 * the text, and go by the message.
 */
function readSubscribe(
  id: unknown,
  payload: Readonly<Record<string, unknown>>,
  persisted: PersistedQueries,
): ClientMessage | undefined {
  if (!isId(id)) return undefined;
  try {
    return { kind: 'subscribe', id, request: readGraphqlRequest(payload, persisted) };
  } catch (error) {
    const isPersisted = optionalRecord(payload['extensions'])?.['persistedQuery'] != null;
    if (!isPersisted || !(error instanceof RequestRefusal)) return undefined;
    return { kind: 'refused', id, errors: [error.toJSON()] };
  }
}

/** In characters. Whatever is sent for an operation repeats its id; clients count, or take a UUID. */
const ID_AT_MOST = 256;

const EMPTY = Object.freeze({});

/** Absent and null count as empty; undefined means that it is something else. */
function optionalRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (value == null) return EMPTY;
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= ID_AT_MOST;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseRequestJson(text);
    return typeof value === 'object' && value !== null ? optionalRecord(value) : undefined;
  } catch {
    return undefined;
  }
}
