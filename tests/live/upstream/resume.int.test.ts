import { expect, test } from 'vitest';
import { startLiveGateway } from '#tests/live/support/live-gateway.ts';
import {
  connectAcknowledged,
  itemChanged,
  type RawClient,
  subscribeMessage,
} from '#tests/live/support/raw-client.ts';

async function nextVersion(client: RawClient): Promise<unknown> {
  return (await client.next()).payload?.data?.['itemChanged']?.version;
}

test('a subgraph that restarts costs no event and doubles none', async () => {
  await using live = await startLiveGateway();
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await nextVersion(client)).toBe(1);

  for (let round = 0; round < 3; round += 1) {
    await live.feed.crash();
    live.feed.publish('a');
    live.feed.publish('a');
    await live.feed.restart();
    live.feed.publish('a');
    expect([await nextVersion(client), await nextVersion(client), await nextVersion(client)]).toEqual(
      [2, 3, 4].map((version) => version + 3 * round),
    );
  }
  expect(client.waiting).toEqual([]);
  expect(live.feed.subscribed.at(-1)?.cursor).toBe(7);
});

test('a stream that was lost before its first event resumes where the subgraph said that it stood', async () => {
  await using live = await startLiveGateway();
  live.feed.publish('a');
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', 'subscription { itemChangedAnnounced(id: "a") { id version } }'));
  await expect.poll(() => live.metrics.positions).toBe(1);

  await live.feed.crash();
  live.feed.publish('a');
  await live.feed.restart();

  const { payload } = await client.next();
  expect(payload).toEqual({
    data: { itemChangedAnnounced: { id: 'a', version: 2 } },
    extensions: { cursor: 2 },
  });
});

test('a subgraph that stays away past the bound ends its streams with a typed error', async () => {
  await using live = await startLiveGateway({ resumeWithinMs: 300 });
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);

  await live.feed.crash();

  expect(await client.next()).toMatchObject({
    id: '1',
    type: 'error',
    payload: [{ extensions: { code: 'SUBGRAPH_UNREACHABLE', service: 'feed', retryable: true } }],
  });
  expect(live.metrics).toMatchObject({ subscriptions: 0, streams: 0, upstreamSockets: 0 });
  await live.feed.restart();
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
});

test('a cursor that the subgraph cannot honour any more ends that client’s stream, by name, and nobody else’s', async () => {
  await using live = await startLiveGateway();
  await using steady = await connectAcknowledged(live.wsUrl);
  await using late = await connectAcknowledged(live.wsUrl);
  steady.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  for (let i = 0; i < 3; i += 1) {
    live.feed.publish('a');
    await steady.next();
  }
  live.feed.forgetBefore(2);

  late.send(subscribeMessage('1', itemChanged('a'), { extensions: { cursor: 1 } }));

  expect(await late.next()).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'CURSOR_EXPIRED' } }],
  });
  live.feed.publish('a');
  expect(await nextVersion(steady)).toBe(4);
});

test('events that come faster than their entities wait within bounds, and none is lost', async () => {
  await using live = await startLiveGateway({ maxPendingEvents: 10 });
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  const release = live.people.hold();
  for (let i = 0; i < 100; i += 1) live.feed.publish('a');
  await live.feed.until(() => live.feed.active === 0);
  expect(live.metrics.events).toBe(10);
  release();

  const versions = [];
  for (let i = 0; i < 100; i += 1) versions.push(await nextVersion(client));
  expect(versions).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});

test('without cursors, too many waiting events end the stream with a typed error', async () => {
  await using live = await startLiveGateway({ maxPendingEvents: 10 });
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', 'subscription { ticked(topic: "t") { version owner { name } } }'));
  await live.feed.until(() => live.feed.active === 1);
  const release = live.people.hold();
  for (let i = 0; i < 20; i += 1) live.feed.publish('t');
  await live.feed.until(() => live.feed.active === 0);
  release();

  for (let i = 0; i < 10; i += 1) expect((await client.next()).type).toBe('next');
  expect(await client.next()).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'SUBSCRIPTION_OVERLOADED', retryable: true } }],
  });
});

test('an upstream connection that has gone silent is found out and replaced', async () => {
  await using live = await startLiveGateway({ heartbeatMs: 50 });
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await nextVersion(client)).toBe(1);

  for (const socket of live.feed.sockets) socket.pause();
  live.feed.publish('a');
  live.feed.publish('a');

  // Version 2 may have come over the old connection: what counts is that each comes once.
  expect([await nextVersion(client), await nextVersion(client)]).toEqual([2, 3]);
  await expect.poll(() => live.metrics.upstreamReconnects).toBeGreaterThan(0);
});
