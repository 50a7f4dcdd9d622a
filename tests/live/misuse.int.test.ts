import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mostInOneTurn } from '#tests/support/turns.ts';
import { until } from '#tests/support/until.ts';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';
import {
  connectAcknowledged,
  connectRaw,
  itemChanged,
  type RawClient,
  subscribeMessage,
} from './support/raw-client.ts';

const MAX_MESSAGE_BYTES = 64 * 1024;

/** One gateway for all misuse, and one well-behaved client that must not notice any of it. */
let live: LiveGateway;
let bystander: RawClient;

beforeAll(async () => {
  live = await startLiveGateway({
    initTimeoutMs: 1_000,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    maxSubscriptionsPerConnection: 3,
  });
  bystander = await connectAcknowledged(live.wsUrl);
  bystander.send(subscribeMessage('1', itemChanged('bystander')));
  await live.feed.until(() => live.feed.active === 1);
});

afterAll(async () => {
  await bystander[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
});

async function bystanderIsServed(): Promise<void> {
  const version = live.feed.publish('bystander');
  expect((await bystander.next()).payload?.data?.['itemChanged']?.version).toBe(version);
  expect(live.metrics.streams).toBe(1);
}

const init = { type: 'connection_init' };
const cases: [what: string, code: number, countedAs: string, messages: unknown[]][] = [
  ['no connection_init', 4408, 'initTimeout', []],
  ['two connection_inits', 4429, 'tooManyInits', [init, init]],
  ['an unknown type', 4400, 'invalidMessage', [init, { type: 'hello' }]],
  ['no type', 4400, 'invalidMessage', [init, { id: '1' }]],
  ['text that is no JSON', 4400, 'invalidMessage', [init, 'not json']],
  ['JSON that is no object', 4400, 'invalidMessage', ['[]']],
  ['a payload that is no object', 4400, 'invalidMessage', [{ type: 'connection_init', payload: 'token' }]],
  ...['a\nb', '\u0100', '\0', '\ud800'].map((value): (typeof cases)[number] => [
    `a header of ${JSON.stringify(value)}`,
    4400,
    'unfitHeader',
    [{ ...init, payload: { authorization: value } }],
  ]),
  [
    'a renewed token that is no header',
    4400,
    'unfitHeader',
    [init, { type: 'ping', payload: { headers: {}, authorization: 'a\r\nb: c' } }],
  ],
  [
    'headers of more than a subgraph reads',
    4400,
    'unfitHeader',
    [{ ...init, payload: { authorization: 'a'.repeat(20_000) } }],
  ],
  ['a subscribe before connection_init', 4401, 'unauthorized', [subscribeMessage('1', itemChanged('a'))]],
  [
    'a subscribe without a query',
    4400,
    'invalidMessage',
    [init, { id: '1', type: 'subscribe', payload: {} }],
  ],
  [
    'a subscribe without an id',
    4400,
    'invalidMessage',
    [init, { type: 'subscribe', payload: { query: '{ me { id } }' } }],
  ],
  ['an empty id', 4400, 'invalidMessage', [init, subscribeMessage('', itemChanged('a'))]],
  [
    'the same id twice',
    4409,
    'duplicateSubscriber',
    [init, subscribeMessage('1', itemChanged('a')), subscribeMessage('1', itemChanged('b'))],
  ],
  ['a message of 10 MB', 1009, 'message too large', [init, 'x'.repeat(10 * 1024 * 1024)]],
];

test.each(cases)('%s closes with %i and hurts nobody else', async (_what, code, countedAs, messages) => {
  const before = live.metrics.closes[countedAs] ?? 0;
  await using client = await connectRaw(live.wsUrl);
  for (const message of messages) client.send(message);
  expect((await client.closed).code).toBe(code);
  await expect.poll(() => live.metrics.closes[countedAs]).toBe(before + 1);
  await bystanderIsServed();
});

test('binary data closes with 4400, invalid UTF-8 with 1007', async () => {
  await using binary = await connectRaw(live.wsUrl);
  binary.socket.send(Buffer.from('{"type":"connection_init"}'));
  expect((await binary.closed).code).toBe(4400);

  await using garbled = await connectRaw(live.wsUrl);
  garbled.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
  expect((await garbled.closed).code).toBe(1007);
  await bystanderIsServed();
});

test('a client without a known subprotocol is closed with 4406', async () => {
  await using unknown = await connectRaw(live.wsUrl, '').catch(() => connectRaw(live.wsUrl, ''));
  expect((await unknown.closed).code).toBe(4406);
});

test('an upgrade at another path is answered with 404', async () => {
  const other = request(live.url.replace('/graphql', '/other'), {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      'sec-websocket-version': '13',
    },
  });
  other.end();
  const [response] = (await once(other, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(404);
});

test('bytes that are no WebSocket frames close that connection alone', async () => {
  const { hostname, port } = new URL(live.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  await once(socket, 'data');
  socket.write(Buffer.alloc(4096, 0xff));
  await once(socket, 'end');
  socket.destroy();
  await expect.poll(() => live.metrics.closes['protocol error']).toBe(1);
  await bystanderIsServed();
});

test('an operation that cannot run is answered with an error under its id; the connection goes on', async () => {
  await using client = await connectAcknowledged(live.wsUrl);
  client.send(subscribeMessage('parse', 'subscription {'));
  expect(await client.next()).toMatchObject({
    id: 'parse',
    type: 'error',
    payload: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }],
  });
  client.send(subscribeMessage('validate', 'subscription { nothing }'));
  expect(await client.next()).toMatchObject({
    id: 'validate',
    type: 'error',
    payload: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
  });
  client.send(subscribeMessage('variables', 'subscription ($id: ID!) { itemChanged(id: $id) { id } }'));
  expect(await client.next()).toMatchObject({
    id: 'variables',
    type: 'error',
    payload: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  });
  client.send(subscribeMessage('query', '{ me { name } }'));
  expect(await client.next()).toEqual({
    id: 'query',
    type: 'next',
    payload: { data: { me: { name: 'Me' } } },
  });
});

test('one subscription too many on a connection is refused; the others go on', async () => {
  await using client = await connectAcknowledged(live.wsUrl);
  for (const id of ['1', '2', '3', '4']) client.send(subscribeMessage(id, itemChanged(`limit-${id}`)));
  expect(await client.next()).toMatchObject({
    id: '4',
    type: 'error',
    payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }],
  });
  await live.feed.until(() => live.feed.active === 4);
  live.feed.publish('limit-1');
  expect(await client.next()).toMatchObject({ id: '1', type: 'next' });
  await client[Symbol.asyncDispose]();
  await live.feed.until(() => live.feed.active === 1);
});

test('whatever a client says in whatever order, nobody else notices', async () => {
  const id = fc.constantFrom('1', '2', '', 7);
  const message = fc.oneof(
    fc.constant(init),
    fc.record({
      type: fc.constant('subscribe'),
      id,
      payload: fc.record({ query: fc.constantFrom(itemChanged('r'), '{ me { id } }', '{', '') }),
    }),
    fc.record({ type: fc.constant('complete'), id }),
    fc.constantFrom<unknown>(
      { type: 'ping' },
      { type: 'pong' },
      { type: 'next', id: '1' },
      null,
      [],
      'text',
      '{"type":',
    ),
    fc.json().map((text) => text.slice(0, 200)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 12 }), async (messages) => {
      await using client = await connectRaw(live.wsUrl);
      for (const said of messages) client.send(said);
      await bystanderIsServedAmongOthers();
    }),
    { numRuns: 40 },
  );
  await expect.poll(() => live.metrics.connections).toBe(1);
  await live.feed.until(() => live.feed.active === 1);
  await bystanderIsServed();
});

async function bystanderIsServedAmongOthers(): Promise<void> {
  const version = live.feed.publish('bystander');
  expect((await bystander.next()).payload?.data?.['itemChanged']?.version).toBe(version);
}

test('who subscribes and completes in one piece, over and over, shares the event loop with everybody else', async () => {
  const times = 500;
  await using client = await connectAcknowledged(live.wsUrl);
  const before = live.metrics.subscriptionsTotal;
  const begun = () => live.metrics.subscriptionsTotal - before;
  const most = await mostInOneTurn(begun, async () => {
    for (let n = 0; n < times; n += 1) {
      client.send(subscribeMessage(String(n), itemChanged('bystander')));
      client.send({ id: String(n), type: 'complete' });
    }
    await until(() => begun() === times, 'all of it to be heard');
  });
  expect(most).toBeLessThan(5);
  await bystanderIsServed();
});
