import { once } from 'node:events';
import { expect, test } from 'vitest';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';
import {
  connectAcknowledged,
  connectRaw,
  itemChanged,
  type RawClient,
  subscribeMessage,
} from './support/raw-client.ts';
import { FEED_SDL } from './support/stub-subgraphs.ts';

const SECOND_MS = 1_000;
const WITHOUT_TICKED = FEED_SDL.replace(/"Not resumable."\s+ticked.*/, '');

/** An unsigned token: the gateway reads its expiry and nothing else. */
function tokenFor(name: string, lifeMs: number): string {
  const claims = { sub: name, exp: (Date.now() + lifeMs) / SECOND_MS };
  return `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}

async function nextVersion(client: RawClient): Promise<unknown> {
  return (await client.next()).payload?.data?.['itemChanged']?.version;
}

/** Has the operation planned before a token is made for it that does not last. */
async function plan(live: LiveGateway): Promise<void> {
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  client.send({ id: '1', type: 'complete' });
  await live.feed.until(() => live.feed.active === 0);
}

test('a connection ends with 4403 when its token expires, and is told of nothing after that', async () => {
  await using live = await startLiveGateway({ initTimeoutMs: 100 });
  await plan(live);
  await using client = await connectAcknowledged(live.wsUrl, {
    authorization: tokenFor('ada', 1.5 * SECOND_MS),
  });
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);

  expect(await client.closed).toEqual({ code: 4403, reason: 'Token expired' });
  await expect.poll(() => live.metrics.closes['tokenExpired']).toBe(1);
  await live.feed.until(() => live.feed.active === 0);
});

test('a token that has expired already is refused at once', async () => {
  await using live = await startLiveGateway();
  await using client = await connectRaw(live.wsUrl);
  client.send({ type: 'connection_init', payload: { authorization: tokenFor('ada', -SECOND_MS) } });
  expect((await client.closed).code).toBe(4403);
});

test('a token renewed in band keeps the connection and its streams, without a gap, under the new identity', async () => {
  await using live = await startLiveGateway({ initTimeoutMs: 100 });
  await plan(live);
  const expiring = tokenFor('ada', 1.5 * SECOND_MS);
  await using client = await connectAcknowledged(live.wsUrl, { authorization: expiring });
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await nextVersion(client)).toBe(1);

  const renewed = tokenFor('ada', 60 * SECOND_MS);
  client.send({ type: 'ping', payload: { authorization: renewed } });
  live.feed.publish('a');
  const messages = [await client.next(), await client.next()];
  expect(messages.map(({ type }) => type).sort()).toEqual(['next', 'pong']);
  expect(messages.find(({ type }) => type === 'pong')?.payload).toEqual({ renewed: true });
  await live.feed.until(() => live.feed.subscribed.length === 3 && live.feed.active === 1);
  expect(live.feed.subscribed[2]).toMatchObject({ headers: { authorization: renewed } });

  await new Promise((resolve) => setTimeout(resolve, 1_700)); // past the end of the first token
  live.feed.publish('a');
  expect(await nextVersion(client)).toBe(3);
  expect(live.people.requests.at(-1)?.authorization).toBe(renewed);
});

test('a client that reads too slowly is told to come back, and does not hold up the others', async () => {
  await using live = await startLiveGateway({ maxBufferedBytes: 64 * 1024 });
  await using slow = await connectAcknowledged(live.wsUrl);
  await using quick = await connectAcknowledged(live.wsUrl);
  const query = 'subscription ($id: ID!) { itemChanged(id: $id) { id } }';
  // The id makes each event so large that the system's own buffers are soon full.
  const id = 'x'.repeat(100_000);
  for (const client of [slow, quick]) client.send(subscribeMessage('1', query, { variables: { id } }));
  await live.feed.until(() => live.feed.active === 1);
  await expect.poll(() => live.metrics.subscriptions).toBe(2);
  slow.socket.pause();

  while (live.metrics.subscriptions === 2) {
    live.feed.publish(id);
    await quick.next();
  }
  slow.socket.resume();

  expect(await slow.closed).toEqual({ code: 1013, reason: 'Too slow: resume with the last cursor' });
  const cursor = Number(slow.waiting.at(-1)?.payload?.extensions?.['cursor']);
  expect(slow.waiting.map(({ payload }) => payload?.extensions?.['cursor'])).toEqual(
    Array.from({ length: cursor }, (_, index) => index + 1),
  );
  await using back = await connectAcknowledged(live.wsUrl);
  back.send(subscribeMessage('1', query, { variables: { id }, extensions: { cursor: cursor - 1 } }));
  expect((await back.next()).payload?.extensions).toEqual({ cursor });
});

test('a peer that answers no heartbeat is taken for gone', async () => {
  await using live = await startLiveGateway({ heartbeatMs: 50 });
  await using silent = await connectAcknowledged(live.wsUrl);
  await using alive = await connectAcknowledged(live.wsUrl);
  silent.socket.pause();
  await expect.poll(() => live.metrics.closes['half-open']).toBe(1);
  expect(live.metrics.connections).toBe(1);
  expect(alive.socket.readyState).toBe(alive.socket.OPEN);
});

test('one connection too many is told to come back', async () => {
  await using live = await startLiveGateway({ maxConnections: 1 });
  await using _first = await connectAcknowledged(live.wsUrl);
  await using second = await connectRaw(live.wsUrl);
  expect(await second.closed).toEqual({ code: 1013, reason: 'Too many connections' });
});

test('one subscription too many of one user is refused, on whichever connection', async () => {
  await using live = await startLiveGateway({ maxSubscriptionsPerUser: 1 });
  await using first = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer ada' });
  await using second = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer ada' });
  await using other = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer bob' });
  first.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  second.send(subscribeMessage('1', itemChanged('a')));
  expect(await second.next()).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }],
  });
  other.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 2);

  first.send({ id: '1', type: 'complete' });
  await live.feed.until(() => live.feed.active === 1);
  second.send(subscribeMessage('2', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 2);
});

test('draining tells every client to come back with 1012, takes no new one, and leaves nothing upstream', async () => {
  await using live = await startLiveGateway({ drainSpreadMs: 100 });
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectAcknowledged(live.wsUrl)));
  for (const client of clients) client.send(subscribeMessage('1', itemChanged('a')));
  await expect.poll(() => live.metrics.subscriptions).toBe(20);

  await live.drain();

  const closed = await Promise.all(clients.map((client) => client.closed));
  expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([1012]));
  await live.feed.until(() => live.feed.active === 0);
  const late = connectRaw(live.wsUrl);
  await expect(late).rejects.toThrow('503');
});

test('a schema swap goes unnoticed where the operation is still valid, and ends the others with the reason', async () => {
  await using live = await startLiveGateway({ swapSpreadMs: 100 });
  await using staying = await connectAcknowledged(live.wsUrl);
  await using going = await connectAcknowledged(live.wsUrl);
  staying.send(subscribeMessage('1', itemChanged('a')));
  going.send(subscribeMessage('1', 'subscription { ticked(topic: "t") { version } }'));
  await live.feed.until(() => live.feed.active === 2);
  live.feed.publish('a');
  expect(await nextVersion(staying)).toBe(1);

  await live.swap({ sdl: WITHOUT_TICKED });

  expect(await going.next()).toMatchObject({
    id: '1',
    type: 'error',
    payload: [
      { message: expect.stringContaining('ticked'), extensions: { code: 'SUBSCRIPTION_INVALIDATED' } },
    ],
  });
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await nextVersion(staying)).toBe(2);
  expect(live.feed.subscribed).toHaveLength(2);
});

test('a schema swap that moves a subgraph takes the stream up at its new place, where it stood', async () => {
  await using live = await startLiveGateway();
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await nextVersion(client)).toBe(1);

  await live.swap({ url: live.feed.url.replace('127.0.0.1', 'localhost') });
  live.feed.publish('a');
  live.feed.publish('a');

  expect([await nextVersion(client), await nextVersion(client)]).toEqual([2, 3]);
  await live.feed.until(() => live.feed.subscribed.length === 2 && live.feed.active === 1);
  expect(client.waiting).toEqual([]);
});

test('an ended stream leaves its connection open for others', async () => {
  await using live = await startLiveGateway({ swapSpreadMs: 0 });
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', 'subscription { ticked(topic: "t") { version } }'));
  await live.feed.until(() => live.feed.active === 1);
  await live.swap({ sdl: WITHOUT_TICKED });
  await client.next();
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await nextVersion(client)).toBe(1);
});

test('the last bytes of a connection that the client drops are not an error', async () => {
  await using live = await startLiveGateway();
  const client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  client.socket.terminate();
  live.feed.publish('a');
  await once(client.socket, 'close');
  await expect.poll(() => live.metrics.closes['client']).toBe(1);
  await live.feed.until(() => live.feed.active === 0);
});

test('draining lets queries and mutations under way finish first', async () => {
  await using live = await startLiveGateway({ drainSpreadMs: 100 });
  await using asking = await connectAcknowledged(live.wsUrl);
  await using listening = await connectAcknowledged(live.wsUrl);
  listening.send(subscribeMessage('1', itemChanged('a')));
  const release = live.people.hold();
  asking.send(subscribeMessage('1', 'mutation { rename(id: "1", name: "Ada") { name } }'));
  await expect.poll(() => live.people.held).toBe(1);

  const drained = live.drain();
  expect((await listening.closed).code).toBe(1012);
  release();

  expect((await asking.next()).payload).toEqual({ data: { rename: { name: 'Ada' } } });
  expect((await asking.closed).code).toBe(1012);
  await drained;
});
