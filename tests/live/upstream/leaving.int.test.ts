import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '#tests/support/until.ts';
import { type LiveGateway, startLiveGateway } from '#tests/live/support/live-gateway.ts';
import { connectAcknowledged, itemChanged, subscribeMessage } from '#tests/live/support/raw-client.ts';

const SSE = 'text/event-stream';
const MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json';
/** What urql sends with everything. */
const EVERYTHING =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';
const QUERY = '{ me { name } }';
const MUTATION = 'mutation { rename(id: "1", name: "Ada") { name } }';

let live: LiveGateway;
const orphans: unknown[] = [];
const onOrphan = (reason: unknown) => orphans.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', onOrphan);
  process.on('uncaughtException', onOrphan);
  live = await startLiveGateway();
});
afterAll(async () => {
  await live[Symbol.asyncDispose]();
  process.off('unhandledRejection', onOrphan);
  process.off('uncaughtException', onOrphan);
});

const nobodyIsLeft = () =>
  until(
    () => live.feed.active === 0 && live.metrics.connections === 0 && live.metrics.subscriptions === 0,
    'everybody to have left',
  );

test.each([
  ['a query', QUERY, SSE],
  ['a query', QUERY, EVERYTHING],
  ['a mutation', MUTATION, SSE],
  ['a subscription', itemChanged('a'), SSE],
  ['a subscription', itemChanged('a'), MULTIPART],
])(
  'who leaves %s (%s, %s) under way leaves nothing behind, and no promise that nobody waits for',
  async (_, query, accept) => {
    const release = live.people.hold();
    const leaving = new AbortController();
    const answer = fetch(live.url, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
      signal: leaving.signal,
    }).then((response) => response.text());
    const isUnderWay = () => live.people.held > 0 || live.feed.active > 0;
    await until(isUnderWay, 'it to be under way');
    if (live.feed.active > 0) {
      live.feed.publish('a');
      await until(() => live.people.held > 0, 'the event to be completed');
    }
    leaving.abort();
    await expect(answer).rejects.toThrow();
    await nobodyIsLeft();
    release();
    await until(() => live.people.held === 0, 'the subgraph to have answered');
    expect(orphans).toEqual([]);
  },
);

test('who drops a WebSocket with all sorts of operations under way leaves nothing behind', async () => {
  const release = live.people.hold();
  const client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('1', QUERY));
  client.send(subscribeMessage('2', MUTATION));
  client.send(subscribeMessage('3', itemChanged('a')));
  await until(() => live.people.held === 2 && live.feed.active === 1, 'all to be under way');
  client.socket.terminate();
  await nobodyIsLeft();
  release();
  await until(() => live.people.held === 0, 'the subgraph to have answered');
  expect(orphans).toEqual([]);
});

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

test.each([
  ['//', KEY],
  ['http://[/graphql', KEY],
  ['/graphql', ''],
  ['/graphql', 'Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'],
  ['/graphql', 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n'],
  ['/graphql', `${KEY}Sec-WebSocket-Protocol: ,,;\r\n`],
  ['/graphql', `${KEY}Sec-WebSocket-Extensions: permessage-deflate; x=";\r\n`],
  ['/graphql', `${KEY}Content-Length: 5\r\n`],
])(
  'an upgrade request for %s with %j, dropped as soon as it is answered, harms nobody',
  async (target, head) => {
    const { hostname, port } = new URL(live.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\n${UPGRADE}${head}\r\n`);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await using client = await connectAcknowledged(live.wsUrl);
    client.send(subscribeMessage('1', QUERY));
    expect((await client.next()).payload?.data).toEqual({ me: { name: 'Me' } });
    expect(orphans).toEqual([]);
  },
);

test('sockets that are reset in the middle of an upgrade harm nobody', async () => {
  const { hostname, port } = new URL(live.url);
  for (let n = 0; n < 50; n += 1) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`GET /${n % 2 === 0 ? 'graphql' : 'other'} HTTP/1.1\r\nHost: x\r\n${UPGRADE}${KEY}\r\n`);
    socket.resetAndDestroy();
  }
  await nobodyIsLeft();
  expect(orphans).toEqual([]);
});
