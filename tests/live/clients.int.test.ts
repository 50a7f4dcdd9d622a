import { ApolloClient, type ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { WebSocketLink } from '@apollo/client/link/ws';
import { Client as UrqlClient, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SubscriptionClient } from 'subscriptions-transport-ws';
import { WebSocket } from 'ws';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';

const QUERY = 'subscription Follow($id: ID!) { itemChanged(id: $id) { id version owner { name } } }';
const DOCUMENT = gql(QUERY);

let live: LiveGateway;
beforeAll(async () => {
  live = await startLiveGateway({ heartbeatMs: 200 });
});
afterAll(() => live[Symbol.asyncDispose]());

/** Any client library, seen as: follow an item, hand on each result as it arrives, and stop. */
interface Follower {
  stop(): void;
}
type Follow = (
  id: string,
  onResult: (result: unknown) => void,
  onError: (error: unknown) => void,
) => Follower;

/**
 * Publishes one version after the other and waits for each to arrive, then stops and waits until nothing is left
 * upstream. Returns what arrived.
 */
async function received(name: string, follow: Follow): Promise<unknown[]> {
  const id = `for-${name}`;
  const results: unknown[] = [];
  const errors: unknown[] = [];
  let heard = () => {};
  const follower = follow(
    id,
    (result) => {
      results.push(result);
      heard();
    },
    (error) => {
      errors.push(error);
      heard();
    },
  );
  await live.feed.until(() => live.feed.active === 1);
  for (let i = 0; i < 3 && errors.length === 0; i += 1) {
    const arrived = new Promise<void>((resolve) => {
      heard = resolve;
    });
    live.feed.publish(id);
    await arrived;
  }
  follower.stop();
  await live.feed.until(() => live.feed.active === 0);
  return [...results, ...errors];
}

/** What a client must get of {@link received}. */
function everyVersion(name: string) {
  const id = `for-${name}`;
  const owner = { name: `Name of owner-of-${id}` };
  return [1, 2, 3].map((version) =>
    expect.objectContaining({
      itemChanged: expect.objectContaining({ id, version, owner: expect.objectContaining(owner) }),
    }),
  );
}

const data = (result: { data?: unknown }) => result.data;

test('graphql-ws', async () => {
  const client = createWsClient({ url: live.wsUrl, webSocketImpl: WebSocket });
  const got = await received('graphql-ws', (id, onResult, onError) => ({
    stop: client.subscribe(
      { query: QUERY, variables: { id } },
      { next: (result) => onResult(data(result)), error: onError, complete() {} },
    ),
  }));
  expect(got).toEqual(everyVersion('graphql-ws'));
  const answers = [];
  for await (const answer of client.iterate({ query: '{ me { name } }' })) answers.push(answer);
  for await (const answer of client.iterate({ query: 'mutation { rename(id: "1", name: "Ada") { name } }' }))
    answers.push(answer);
  expect(answers).toEqual([{ data: { me: { name: 'Me' } } }, { data: { rename: { name: 'Ada' } } }]);
  await client.dispose();
});

test('subscriptions-transport-ws, the legacy protocol', async () => {
  const client = new SubscriptionClient(live.wsUrl, { reconnect: false }, WebSocket);
  const got = await received('legacy', (id, onResult, onError) => {
    const subscription = client
      .request({ query: QUERY, variables: { id } })
      .subscribe({ next: (result) => onResult(data(result)), error: onError });
    return { stop: () => subscription.unsubscribe() };
  });
  expect(got).toEqual(everyVersion('legacy'));
  const answer = await new Promise((resolve, reject) => {
    client.request({ query: '{ me { name } }' }).subscribe({ next: resolve, error: reject });
  });
  expect(answer).toEqual({ data: { me: { name: 'Me' } } });
  const refused = await new Promise((resolve) => {
    client.request({ query: 'subscription { nothing }' }).subscribe({ next() {}, error: resolve });
  });
  expect(refused).toMatchObject({ message: expect.stringContaining('nothing') });
  client.close();
});

test('graphql-sse', async () => {
  const client = createSseClient({ url: live.url, retryAttempts: 0 });
  const got = await received('graphql-sse', (id, onResult, onError) => ({
    stop: client.subscribe(
      { query: QUERY, variables: { id } },
      { next: (result) => onResult(data(result)), error: onError, complete() {} },
    ),
  }));
  expect(got).toEqual(everyVersion('graphql-sse'));
  const answers = [];
  for await (const answer of client.iterate({ query: '{ me { name } }' })) answers.push(answer);
  for await (const answer of client.iterate({ query: '{ nothing }' })) answers.push(answer);
  expect(answers).toMatchObject([
    { data: { me: { name: 'Me' } } },
    { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
  ]);
  client.dispose();
});

function followWithApollo(link: ApolloLink): { follow: Follow; client: ApolloClient } {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return {
    client,
    follow: (id, onResult, onError) => {
      const subscription = client
        .subscribe({ query: DOCUMENT, variables: { id }, fetchPolicy: 'no-cache' })
        .subscribe({
          next: ({ data: received, error }) => (error === undefined ? onResult(received) : onError(error)),
          error: onError,
        });
      return { stop: () => subscription.unsubscribe() };
    },
  };
}

test('Apollo Client over graphql-ws', async () => {
  const socket = createWsClient({ url: live.wsUrl, webSocketImpl: WebSocket });
  const { follow, client } = followWithApollo(new GraphQLWsLink(socket));
  expect(await received('apollo-ws', follow)).toEqual(everyVersion('apollo-ws'));
  client.stop();
  await socket.dispose();
});

test('Apollo Client over the legacy protocol', async () => {
  const socket = new SubscriptionClient(live.wsUrl, { reconnect: false }, WebSocket);
  const { follow, client } = followWithApollo(new WebSocketLink(socket));
  expect(await received('apollo-legacy', follow)).toEqual(everyVersion('apollo-legacy'));
  client.stop();
  socket.close();
});

test('Apollo Client over multipart HTTP, heartbeats in between', async () => {
  const { follow, client } = followWithApollo(new HttpLink({ uri: live.url }));
  expect(await received('apollo-multipart', follow)).toEqual(everyVersion('apollo-multipart'));
  client.stop();
});

test('Apollo Client over multipart HTTP is told why a stream ends', async () => {
  const { follow, client } = followWithApollo(new HttpLink({ uri: live.url }));
  for (let i = 0; i < 2; i += 1) live.feed.publish('refused');
  live.feed.refuse('refused');
  const error = await new Promise((resolve, reject) => {
    follow('refused', () => reject(new Error('got an event')), resolve);
  });
  expect(error).toMatchObject({
    name: 'CombinedProtocolErrors',
    errors: [{ extensions: { code: 'FORBIDDEN', service: 'feed' } }],
  });
  client.stop();
});

test('urql over graphql-ws', async () => {
  const socket = createWsClient({ url: live.wsUrl, webSocketImpl: WebSocket });
  const client = new UrqlClient({
    url: live.url,
    exchanges: [
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe({ query, variables: variables as Record<string, unknown> }, sink),
          }),
        }),
      }),
    ],
  });
  const got = await received('urql-ws', (id, onResult, onError) => {
    const { unsubscribe } = client.subscription(QUERY, { id }).subscribe(({ data: received, error }) => {
      if (error === undefined) onResult(received);
      else onError(error);
    });
    return { stop: unsubscribe };
  });
  expect(got).toEqual(everyVersion('urql-ws'));
  await socket.dispose();
});

test('urql over plain fetch', async () => {
  const client = new UrqlClient({
    url: live.url,
    fetchSubscriptions: true,
    preferGetMethod: false,
    exchanges: [fetchExchange],
  });
  const got = await received('urql-fetch', (id, onResult, onError) => {
    const { unsubscribe } = client.subscription(QUERY, { id }).subscribe(({ data: received, error }) => {
      if (error === undefined) onResult(received);
      else onError(error);
    });
    return { stop: unsubscribe };
  });
  expect(got).toEqual(everyVersion('urql-fetch'));
});
