// Streams that cannot be resumed lose nothing for what other clients' subscriptions do to the sockets that they share.
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';
import { connectAcknowledged, itemChanged, type RawClient, subscribeMessage } from './support/raw-client.ts';

const ticked = (topic: string) => `subscription { ticked(topic: "${topic}") { version } }`;
const closing = (socket: WebSocket) => socket.close(4500, 'poisoned');
const asked = (live: LiveGateway, item: string) =>
  live.feed.subscribed.filter(({ id }) => id === item).length;

async function subscribe(
  live: LiveGateway,
  client: RawClient,
  id: string,
  query = ticked(id),
): Promise<void> {
  const before = asked(live, id);
  client.send(subscribeMessage(id, query));
  await live.feed.until(() => asked(live, id) > before);
}

test.each([
  ['cannot be resumed', ticked],
  ['has a cursor from its first event on, and has had none', itemChanged],
])('a stream that %s is not touched when a newcomer poisons the sockets', async (_what, query) => {
  await using live = await startLiveGateway();
  await using client = await connectAcknowledged(live.wsUrl);
  const topics = ['t1', 't2', 't3'];
  for (const topic of topics) await subscribe(live, client, topic, query(topic));
  live.feed.poison('poison', (socket) => {
    // What is sent in the very moment in which the socket closes.
    closing(socket);
    for (const topic of topics) live.feed.publish(topic);
  });
  await using attacker = await connectAcknowledged(live.wsUrl);
  attacker.send(subscribeMessage('x', ticked('poison')));
  expect(await attacker.next()).toMatchObject({ id: 'x', type: 'error' });
  for (const topic of topics) live.feed.publish(topic);

  const received: Record<string, unknown[]> = {};
  for (let n = 0; n < 2 * topics.length; n += 1) {
    const { id = '', payload } = await client.next();
    (received[id] ??= []).push(Object.values(payload?.data ?? {})[0]?.version);
  }
  expect(received).toEqual(Object.fromEntries(topics.map((topic) => [topic, [1, 2]])));
  expect(topics.map((topic) => asked(live, topic))).toEqual([1, 1, 1]);
});

test('streams that come in one moment with a poisonous one lose nothing either', async () => {
  await using live = await startLiveGateway();
  await using client = await connectAcknowledged(live.wsUrl);
  live.feed.poison('poison', closing);
  const topics = ['t1', 't2', 'poison', 't3', 't4'];
  for (const topic of topics) client.send(subscribeMessage(topic, ticked(topic)));
  expect(await client.next()).toMatchObject({ id: 'poison', type: 'error' });
  await live.feed.until(() => live.feed.active === 4);
  expect(topics.filter((topic) => topic !== 'poison').map((topic) => asked(live, topic))).toEqual([
    1, 1, 1, 1,
  ]);
});

test('one client’s streams share a socket with each other, and those that can be resumed with everybody', async () => {
  await using live = await startLiveGateway();
  const announced = (item: string) => `subscription { itemChangedAnnounced(id: "${item}") { version } }`;
  for (const [index, name] of ['ada', 'bob'].entries()) {
    const client = await connectAcknowledged(live.wsUrl, { authorization: `Bearer ${name}` });
    for (const topic of ['t1', 't2', 't3']) await subscribe(live, client, topic);
    for (const item of ['a', 'b']) {
      const before = live.metrics.positions;
      await subscribe(live, client, item, announced(item));
      await expect.poll(() => live.metrics.positions).toBe(before + 1);
    }
    // One for each client's own, and one for whoever can be resumed.
    expect(live.metrics.upstreamSockets).toBeLessThanOrEqual(index + 2);
  }
});

test('with no socket left to part them by, a newcomer is put where the fewest lose something', async () => {
  await using live = await startLiveGateway({ socketsToPart: 3 });
  await using client = await connectAcknowledged(live.wsUrl);
  const topics = Array.from({ length: 9 }, (_, index) => `t${index}`);
  for (const topic of topics) await subscribe(live, client, topic);
  expect(live.feed.sockets.size).toBe(3);
  live.feed.poison('poison', closing);
  client.send(subscribeMessage('poison', ticked('poison')));
  expect(await client.next()).toMatchObject({ id: 'poison', type: 'error' });
  await live.feed.until(() => live.feed.active === 9);
  expect(topics.filter((topic) => asked(live, topic) > 1)).toHaveLength(3);
});

test('a stream without a cursor that was interrupted says so with its next event, and only with that', async () => {
  await using live = await startLiveGateway();
  await using client = await connectAcknowledged(live.wsUrl);
  await subscribe(live, client, 't');
  await subscribe(live, client, 'a', itemChanged('a'));
  const extensionsOf = async (item: string) => {
    live.feed.publish(item);
    const { id, payload } = await client.next();
    expect(id).toBe(item);
    return payload?.extensions;
  };
  expect(await extensionsOf('t')).toBeUndefined();
  expect(await extensionsOf('a')).toEqual({ cursor: 1 });
  for (const socket of live.feed.sockets) socket.close(1012, 'restart');
  await live.feed.until(() => asked(live, 't') === 2 && asked(live, 'a') === 2);
  expect(await extensionsOf('t')).toEqual({ gap: true });
  expect(await extensionsOf('t')).toBeUndefined();
  expect(await extensionsOf('a')).toEqual({ cursor: 2 });
});
