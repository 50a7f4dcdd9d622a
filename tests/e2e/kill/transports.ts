import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { CombinedProtocolErrors, PROTOCOL_ERRORS_SYMBOL } from '@apollo/client/errors';
import { type ExecutionResult, parse } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { SubscriptionClient } from 'subscriptions-transport-ws';
import {
  type Connect,
  cuttableFetch,
  cuttableWebSocket,
  type Ending,
  endingOf,
  headersOf,
  requestOf,
} from './wire.ts';

/** How a client may say where it goes on: by an argument of the operation, or by the last event's cursor. */
export type Resume = 'argument' | 'extensions' | 'header';

export interface Transport {
  readonly name: string;
  readonly connect: Connect;
  readonly resumes: readonly Resume[];
}

/** The older library gives up after one second, which a busy machine may need. */
const CONNECT_WITHIN_MS = 20_000;

/** `graphql-transport-ws`, by graphql-ws. */
const webSocket: Connect = (asked, onResult) => {
  const socket = cuttableWebSocket();
  const client = createWsClient({
    url: asked.url.replace('http', 'ws'),
    webSocketImpl: socket.implementation,
    retryAttempts: 0,
    connectionParams: { authorization: asked.authorization },
  });
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  client.subscribe(requestOf(asked), {
    next: (result) => onResult(result as ExecutionResult),
    error: (error) => resolve(endingOf(error)),
    complete: () => resolve({ kind: 'completed' }),
  });
  void ended.then(() => client.dispose());
  return { ended, cut: socket.cut };
};

/** The older protocol, whose name is `graphql-ws`, by subscriptions-transport-ws. */
const legacyWebSocket: Connect = (asked, onResult) => {
  const socket = cuttableWebSocket();
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  const client = new SubscriptionClient(
    asked.url.replace('http', 'ws'),
    {
      reconnect: false,
      minTimeout: CONNECT_WITHIN_MS,
      connectionParams: { authorization: asked.authorization },
    },
    socket.implementation,
  );
  // The library does not tell an operation that its connection is gone.
  client.onDisconnected(() => resolve({ kind: 'lost', why: 'disconnected' }));
  client.request(requestOf(asked)).subscribe({
    next: (result) => onResult(result as ExecutionResult),
    error: (error) => resolve(endingOf(error)),
    complete: () => resolve({ kind: 'completed' }),
  });
  void ended.then(() => client.close());
  return { ended, cut: socket.cut };
};

/** Server-sent events, a connection for each operation, by graphql-sse. */
const serverSentEvents: Connect = (asked, onResult) => {
  const network = cuttableFetch();
  const client = createSseClient({
    url: asked.url,
    headers: headersOf(asked),
    fetchFn: network.fetch,
    retryAttempts: 0,
  });
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  client.subscribe<Record<string, unknown>, Record<string, unknown>>(requestOf(asked), {
    next(result) {
      // A refusal is an event like any other here: one with errors and without data.
      if (result.data === undefined && result.errors !== undefined)
        resolve({ kind: 'refused', errors: result.errors });
      else onResult(result as ExecutionResult);
    },
    error: (error) => resolve(endingOf(error)),
    complete: () => resolve({ kind: 'completed' }),
  });
  void ended.then(() => {
    client.dispose();
    return network.close();
  });
  return { ended, cut: network.cut };
};

/** Multipart over HTTP, by Apollo Client. */
const multipart: Connect = (asked, onResult) => {
  const network = cuttableFetch();
  const link = new HttpLink({
    uri: asked.url,
    headers: headersOf(asked),
    fetch: network.fetch,
    includeExtensions: true,
  });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  const { query, ...request } = requestOf(asked);
  const subscription = ApolloLink.execute(link, { query: parse(query), ...request }, { client }).subscribe({
    next(result) {
      const refusal = (result.extensions as Record<symbol, unknown> | undefined)?.[PROTOCOL_ERRORS_SYMBOL];
      if (refusal instanceof CombinedProtocolErrors) resolve({ kind: 'refused', errors: refusal.errors });
      else onResult(result as ExecutionResult);
    },
    error: (error) => resolve(endingOf(error)),
    complete: () => resolve({ kind: 'completed' }),
  });
  void ended.then(() => {
    subscription.unsubscribe();
    client.stop();
    return network.close();
  });
  return { ended, cut: network.cut };
};

export const TRANSPORTS: readonly Transport[] = [
  { name: 'graphql-transport-ws', connect: webSocket, resumes: ['extensions', 'argument'] },
  { name: 'graphql-ws', connect: legacyWebSocket, resumes: ['extensions', 'argument'] },
  { name: 'SSE', connect: serverSentEvents, resumes: ['header', 'extensions', 'argument'] },
  { name: 'multipart', connect: multipart, resumes: ['header', 'extensions', 'argument'] },
];
