import type { Socket } from 'node:net';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { Agent, buildConnector, fetch as undiciFetch } from 'undici';
import { WebSocket } from 'ws';

/** What a client asks for over one connection. */
export interface Asked {
  /** Of the gateway: `http://127.0.0.1:…/graphql`. */
  readonly url: string;
  readonly authorization: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of the last event, where the client resumes by it: in `extensions.cursor`, or as `Last-Event-ID`. */
  readonly cursor?: { readonly in: 'extensions' | 'header'; readonly value: string };
}

/** How a connection came to its end, as the client library tells it. */
export type Ending =
  /** The server says that there is nothing more to come. */
  | { readonly kind: 'completed' }
  /** The connection broke, could not be made, or was closed with a request to come back. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The server says no. */
  | { readonly kind: 'refused'; readonly errors: readonly GraphQLFormattedError[] };

/** One subscription over one connection of its own, through the library that front ends use for it. */
export interface Wire {
  readonly ended: Promise<Ending>;
  /** Destroys the socket as a lost network would: neither side says goodbye. False where there is none yet. */
  cut(): boolean;
}

export type Connect = (asked: Asked, onResult: (result: ExecutionResult) => void) => Wire;

/** A `WebSocket` for a library to use, whose connections are kept at hand to be destroyed. */
export function cuttableWebSocket() {
  const opened: WebSocket[] = [];
  class CuttableWebSocket extends WebSocket {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args);
      opened.push(this);
      this.on('error', () => {}); // in a browser, too, nothing happens where nobody listens
    }
  }
  return {
    implementation: CuttableWebSocket,
    cut() {
      const open = opened.filter(({ readyState }) => readyState === WebSocket.OPEN);
      for (const socket of open) socket.terminate();
      return open.length > 0;
    },
  };
}

/** `fetch` over connections of its own, which can be destroyed. */
export function cuttableFetch() {
  const sockets = new Set<Socket>();
  const connect = buildConnector({});
  const dispatcher = new Agent({
    connect: (options, callback) =>
      connect(options, (...result) => {
        const [, socket] = result;
        if (socket != null) sockets.add(socket.once('close', () => sockets.delete(socket)));
        callback(...result);
      }),
  });
  return {
    fetch: ((input: string, init: object) =>
      undiciFetch(input, { ...init, dispatcher })) as unknown as typeof fetch,
    cut() {
      const open = [...sockets];
      for (const socket of open) socket.destroy();
      return open.length > 0;
    },
    close: () => dispatcher.destroy(),
  };
}

export function requestOf({ query, variables, cursor }: Asked) {
  return { query, variables, ...(cursor?.in === 'extensions' && { extensions: { cursor: cursor.value } }) };
}

export function headersOf({ authorization, cursor }: Asked): Record<string, string> {
  return { authorization, ...(cursor?.in === 'header' && { 'last-event-id': cursor.value }) };
}

/** What a client library reports as an error, told apart by what it is. */
export function endingOf(error: unknown): Ending {
  if (Array.isArray(error)) return { kind: 'refused', errors: error };
  if (error instanceof Error) return { kind: 'lost', why: error.message };
  const { code, message, error: beneath } = (error ?? {}) as Record<string, unknown>;
  // What a WebSocket reports when nobody listens, and when it closes.
  if (beneath instanceof Error) return { kind: 'lost', why: beneath.message };
  if (typeof code === 'number') {
    // Codes from 4400 on are the protocol's own: the server minds what this client does.
    return code < 4400
      ? { kind: 'lost', why: `closed with ${code}` }
      : { kind: 'refused', errors: [{ message: `closed with ${code}` }] };
  }
  if (typeof message === 'string') return { kind: 'refused', errors: [error as GraphQLFormattedError] };
  return { kind: 'lost', why: String(error) };
}
