import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '#tests/support/until.ts';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';
import { connectAcknowledged, connectRaw, itemChanged, subscribeMessage } from './support/raw-client.ts';

const MIB = 1024 * 1024;
/** An event of some 3 MB, asked for by a message within our bound. */
const LARGE_ITEM = 'x'.repeat(700_000);
const LARGE_EVENT = `subscription { itemChanged(id: "${LARGE_ITEM}") { a: id b: id c: id d: id } }`;
const SSE = 'text/event-stream';
const MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json';

let live: LiveGateway;

beforeAll(async () => {
  live = await startLiveGateway();
});
afterAll(() => live[Symbol.asyncDispose]());

test('an answer of 4 MB arrives over a WebSocket, and a mutation is executed once for it', async () => {
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', `mutation { fill(length: ${4 * MIB}) }`));
  client.send({ type: 'ping' });
  const messages = [await client.next(), await client.next()];
  const answer = messages.find(({ type }) => type === 'next');
  expect(answer?.payload?.data).toEqual({ fill: 'x'.repeat(4 * MIB) });
  expect(await client.next()).toEqual({ id: '1', type: 'complete' });
  expect(live.people.filled).toBe(1);
});

test.each([
  ['server-sent events', SSE],
  ['multipart', MULTIPART],
])('an event of 3 MB arrives by %s', async (_, accept) => {
  const leaving = new AbortController();
  const before = live.feed.active;
  const response = await fetch(live.url, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json' },
    body: JSON.stringify({ query: LARGE_EVENT }),
    signal: leaving.signal,
  });
  await live.feed.until(() => live.feed.active === before + 1);
  live.feed.publish(LARGE_ITEM);
  const reader = response.body?.getReader();
  let text = '';
  while (!text.includes('"extensions":{"cursor"')) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) break;
    text += Buffer.from(value ?? []).toString('latin1');
  }
  expect(text.length).toBeGreaterThan(4 * LARGE_ITEM.length);
  leaving.abort();
  await live.feed.until(() => live.feed.active === before);
});

test('a reader that takes its time over one large message, and then goes on, is not cut', async () => {
  await using client = await connectAcknowledged(live.wsUrl);
  const before = live.feed.active;
  client.send(subscribeMessage('1', LARGE_EVENT));
  await live.feed.until(() => live.feed.active === before + 1);
  client.socket.pause();
  for (let n = 0; n < 3; n += 1) {
    const { deliveries } = live.metrics;
    live.feed.publish(LARGE_ITEM);
    await until(() => live.metrics.deliveries > deliveries, 'the event to be delivered');
  }
  client.socket.resume();
  for (let n = 0; n < 3; n += 1) expect((await client.next()).type).toBe('next');
  client.send({ id: '1', type: 'complete' });
  await live.feed.until(() => live.feed.active === before);
});

test('errors, too, are within the budget: whoever reads none of them is cut', async () => {
  await using narrow = await startLiveGateway({ maxBufferedBytes: 16 * 1024 });
  await using client = await connectAcknowledged(narrow.wsUrl);
  client.socket.pause();
  // Each is answered by an error that quotes it, and by its id: more than a system keeps for one connection by itself.
  for (let sent = 0; sent < 20_000; sent += 1_000) {
    for (let n = 0; n < 1_000; n += 1)
      client.send(subscribeMessage(`${'i'.repeat(200)}${sent + n}`, 'w'.repeat(900)));
    await until(() => client.socket.bufferedAmount === 0, 'the messages to be taken');
  }
  client.socket.resume();
  expect((await client.closed).code).toBe(1013);
  expect(client.waiting.length).toBeLessThan(20_000);
});

test.each(['graphql-transport-ws', 'graphql-ws'])(
  'an id that is longer than any usual one is refused by %s before anything is written for it',
  async (protocol) => {
    await using client = await connectRaw(live.wsUrl, protocol);
    client.send({ type: 'connection_init' });
    await client.next();
    const type = protocol === 'graphql-ws' ? 'start' : 'subscribe';
    client.send({ ...subscribeMessage('i'.repeat(257), itemChanged('a')), type });
    expect((await client.closed).code).toBe(4400);
  },
);

test('pings are answered, the last one at least', async () => {
  await using client = await connectAcknowledged(live.wsUrl);
  let last = '';
  let pongs = 0;
  client.socket.on('pong', (payload: Buffer) => {
    last = payload.toString();
    pongs += 1;
  });
  client.socket.pause();
  for (let n = 1; n <= 50_000; n += 1) client.socket.ping(`ping ${n}`);
  await until(() => client.socket.bufferedAmount === 0, 'the pings to be taken');
  client.socket.resume();
  await until(() => last === 'ping 50000', 'the answer to the last ping');
  expect(pongs).toBeLessThanOrEqual(50_000);
});

test('what is kept for one connection is bounded, whatever the number of its subscriptions', async () => {
  await using narrow = await startLiveGateway({ maxMessageBytes: 20_000 });
  await using client = await connectAcknowledged(narrow.wsUrl);
  const query = 'subscription ($id: ID!) { itemChanged(id: $id) { version } }';
  const large = (id: string) =>
    subscribeMessage(id, query, { variables: { id: `${id}${'x'.repeat(19_000)}` } });
  for (let n = 1; n <= 8; n += 1) client.send(large(String(n)));
  await narrow.feed.until(() => narrow.feed.active === 8);
  client.send(large('9'));
  expect(await client.next()).toMatchObject({
    id: '9',
    type: 'error',
    payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }],
  });
  client.send({ id: '1', type: 'complete' });
  await narrow.feed.until(() => narrow.feed.active === 7);
  client.send(large('10'));
  await narrow.feed.until(() => narrow.feed.active === 8);
});
