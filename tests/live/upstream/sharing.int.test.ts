import { expect, test } from 'vitest';
import { startLiveGateway } from '#tests/live/support/live-gateway.ts';
import {
  connectAcknowledged,
  itemChanged,
  type RawClient,
  type RawMessage,
  subscribeMessage,
} from '#tests/live/support/raw-client.ts';

const versionOf = ({ payload }: RawMessage) => payload?.data?.['itemChanged']?.version;

async function nextVersions(client: RawClient, count: number): Promise<unknown[]> {
  const versions = [];
  for (let i = 0; i < count; i += 1) versions.push(versionOf(await client.next()));
  return versions;
}

test('clients of one operation share one upstream, one entity call an event, and the bytes', async () => {
  await using live = await startLiveGateway();
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectAcknowledged(live.wsUrl)));
  for (const [index, client] of clients.entries())
    client.send(subscribeMessage(`op-${index}`, itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  await expect.poll(() => live.metrics.subscriptions).toBe(20);

  live.feed.publish('a');
  const received = await Promise.all(clients.map((client) => client.next()));

  expect(received.map(({ id }) => id)).toEqual(clients.map((_, index) => `op-${index}`));
  expect(new Set(received.map(({ payload }) => JSON.stringify(payload))).size).toBe(1);
  expect(received[0]?.payload).toEqual({
    data: { itemChanged: { id: 'a', version: 1, owner: { name: 'Name of owner-of-a' } } },
    extensions: { cursor: 1 },
  });
  expect(live.feed.subscribed).toHaveLength(1);
  expect(live.people.requests).toHaveLength(1);
  expect(live.feed.sockets.size).toBe(1);
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});

test('the first to leave disturbs nobody; the last tears the upstream down without waiting for an event', async () => {
  await using live = await startLiveGateway();
  await using first = await connectAcknowledged(live.wsUrl);
  await using second = await connectAcknowledged(live.wsUrl);
  first.send(subscribeMessage('1', itemChanged('a')));
  second.send(subscribeMessage('2', itemChanged('a')));
  await expect.poll(() => live.metrics.subscriptions).toBe(2);
  await live.feed.until(() => live.feed.active === 1);

  first.send({ id: '1', type: 'complete' });
  await expect.poll(() => live.metrics.subscriptions).toBe(1);
  live.feed.publish('a');
  expect(versionOf(await second.next())).toBe(1);
  expect(live.feed.subscribed).toHaveLength(1);

  second.socket.terminate();
  await live.feed.until(() => live.feed.active === 0);
  expect(live.metrics.streams).toBe(0);
  expect(first.waiting).toEqual([]);
});

test('who asks separates streams, and subgraphs are told of each, also for entities', async () => {
  await using live = await startLiveGateway();
  await using ada = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer ada' });
  await using bob = await connectAcknowledged(live.wsUrl, { headers: { Authorization: 'Bearer bob' } });
  for (const client of [ada, bob]) client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 2);

  live.feed.publish('a');
  await Promise.all([ada.next(), bob.next()]);

  expect(new Set(live.feed.subscribed.map(({ headers }) => headers['authorization']))).toEqual(
    new Set(['Bearer ada', 'Bearer bob']),
  );
  expect(new Set(live.people.requests.map(({ authorization }) => authorization))).toEqual(
    new Set(['Bearer ada', 'Bearer bob']),
  );
  // Before its first event neither could have been resumed, so that they were kept apart. Now all can be.
  expect(live.feed.sockets.size).toBe(2);
  await using eve = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer eve' });
  eve.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 3);
  expect(live.feed.sockets.size).toBe(2);
});

test('a field declared public is shared by all, and asked without anybody’s credentials', async () => {
  await using live = await startLiveGateway();
  await using ada = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer ada' });
  await using bob = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer bob' });
  const query = 'subscription { announced(topic: "t") { version owner { name } } }';
  for (const client of [ada, bob]) client.send(subscribeMessage('1', query));
  await live.feed.until(() => live.feed.active === 1);
  await expect.poll(() => live.metrics.subscriptions).toBe(2);

  live.feed.publish('t');
  await Promise.all([ada.next(), bob.next()]);

  expect(live.feed.subscribed).toMatchObject([{ headers: {} }]);
  expect(live.people.requests).toEqual([{ representations: 1, authorization: undefined }]);
});

test('a subgraph that reads credentials from connection_init gets a socket for each identity', async () => {
  await using live = await startLiveGateway({ upstreamIdentity: 'connection' });
  await using ada = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer ada' });
  await using bob = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer bob' });
  for (const client of [ada, bob]) client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 2);

  expect(new Set(live.feed.subscribed.map(({ connection }) => connection['authorization']))).toEqual(
    new Set(['Bearer ada', 'Bearer bob']),
  );
  expect(live.feed.subscribed.map(({ headers }) => headers)).toEqual([{}, {}]);
});

test('a client that comes back with a cursor gets what it missed, then shares again', async () => {
  await using live = await startLiveGateway();
  await using steady = await connectAcknowledged(live.wsUrl);
  steady.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  for (let i = 0; i < 5; i += 1) live.feed.publish('a');
  expect(await nextVersions(steady, 5)).toEqual([1, 2, 3, 4, 5]);

  await using returning = await connectAcknowledged(live.wsUrl);
  returning.send(subscribeMessage('1', itemChanged('a'), { extensions: { cursor: 2 } }));
  expect(await nextVersions(returning, 3)).toEqual([3, 4, 5]);
  await live.feed.until(() => live.feed.active === 1);
  expect(live.metrics.streamsMerged).toBe(1);

  live.feed.publish('a');
  expect(await Promise.all([steady, returning].map((client) => nextVersions(client, 1)))).toEqual([[6], [6]]);
  expect([...steady.waiting, ...returning.waiting]).toEqual([]);
});

test('a client that comes back where the others stand joins them without any upstream work', async () => {
  await using live = await startLiveGateway();
  await using steady = await connectAcknowledged(live.wsUrl);
  steady.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  await steady.next();

  await using returning = await connectAcknowledged(live.wsUrl);
  returning.send(subscribeMessage('1', itemChanged('a'), { extensions: { cursor: '1' } }));
  await expect.poll(() => live.metrics.subscriptions).toBe(2);
  live.feed.publish('a');

  expect(await nextVersions(returning, 1)).toEqual([2]);
  expect(live.feed.subscribed).toHaveLength(1);
});

test('a newcomer to a stream with cursors gets what it would get alone, and shares from the next event on', async () => {
  await using live = await startLiveGateway();
  await using steady = await connectAcknowledged(live.wsUrl);
  steady.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  await steady.next();

  const newcomers = await Promise.all([1, 2, 3].map(() => connectAcknowledged(live.wsUrl)));
  for (const client of newcomers) client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 2);
  await expect.poll(() => live.metrics.subscriptions).toBe(4);
  live.feed.publish('a');

  const everyone = [steady, ...newcomers];
  expect(await Promise.all(everyone.map((client) => nextVersions(client, 1)))).toEqual([[2], [2], [2], [2]]);
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await Promise.all(everyone.map((client) => nextVersions(client, 1)))).toEqual([[3], [3], [3], [3]]);
  await Promise.all(newcomers.map((client) => client[Symbol.asyncDispose]()));
});

test('a newcomer gets the event that describes now, if the subgraph begins so, and shares from there on', async () => {
  await using live = await startLiveGateway();
  await using steady = await connectAcknowledged(live.wsUrl);
  await using newcomer = await connectAcknowledged(live.wsUrl);
  const query = 'subscription { itemState(id: "a") { version } }';
  live.feed.publish('a');
  live.feed.publish('a');
  steady.send(subscribeMessage('1', query));
  expect((await steady.next()).payload?.data?.['itemState']).toEqual({ version: 2 });

  newcomer.send(subscribeMessage('1', query));
  expect((await newcomer.next()).payload?.data?.['itemState']).toEqual({ version: 2 });
  await live.feed.until(() => live.feed.active === 1);
  expect(live.metrics.streams).toBe(1);

  live.feed.publish('a');
  for (const client of [steady, newcomer]) {
    expect((await client.next()).payload?.data?.['itemState']).toEqual({ version: 3 });
    expect(client.waiting).toEqual([]);
  }
});

test('a newcomer to a stream without cursors joins it', async () => {
  await using live = await startLiveGateway();
  await using steady = await connectAcknowledged(live.wsUrl);
  await using newcomer = await connectAcknowledged(live.wsUrl);
  const query = 'subscription { ticked(topic: "t") { version } }';
  steady.send(subscribeMessage('1', query));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('t');
  await steady.next();

  newcomer.send(subscribeMessage('1', query));
  await expect.poll(() => live.metrics.subscriptions).toBe(2);
  live.feed.publish('t');

  expect((await newcomer.next()).payload).toEqual({ data: { ticked: { version: 2 } } });
  expect(live.feed.subscribed).toHaveLength(1);
});

test('entity calls that different streams need at the same time travel together', async () => {
  await using live = await startLiveGateway();
  await using client = await connectAcknowledged(live.wsUrl);
  const query = 'subscription ($id: ID!) { itemChanged(id: $id) { id owner { name } } }';
  const items = Array.from({ length: 10 }, (_, index) => `item-${index}`);
  for (const id of items) client.send(subscribeMessage(id, query, { variables: { id } }));
  await live.feed.until(() => live.feed.active === items.length);

  for (const id of items) live.feed.publish(id);
  const names = new Map<string | undefined, unknown>();
  for (const _ of items) {
    const { id, payload } = await client.next();
    names.set(id, payload?.data?.['itemChanged']);
  }

  expect(names).toEqual(new Map(items.map((id) => [id, { id, owner: { name: `Name of owner-of-${id}` } }])));
  expect(live.people.requests.reduce((sum, { representations }) => sum + representations, 0)).toBe(
    items.length,
  );
  expect(live.people.requests.length).toBeLessThan(items.length);
});
