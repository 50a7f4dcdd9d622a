import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { type LiveGateway, startLiveGateway } from '#tests/live/support/live-gateway.ts';
import {
  connectAcknowledged,
  itemChanged,
  type RawClient,
  subscribeMessage,
} from '#tests/live/support/raw-client.ts';

/** Shorter than a second, which is what nobody may be kept waiting for because of another. */
const AT_ONCE_MS = 900;
const TICKED = 'subscription { ticked(topic: "t") { version } }';

async function follow(live: LiveGateway, item: string, query = itemChanged(item)): Promise<RawClient> {
  const client = await connectAcknowledged(live.wsUrl);
  const before = live.feed.subscribed.length;
  client.send(subscribeMessage('1', query));
  await live.feed.until(() => live.feed.subscribed.slice(before).some(({ id }) => id === item));
  return client;
}

/** Publishes, and expects it to arrive, in less than a second. */
async function goesOn(live: LiveGateway, item: string, client: RawClient): Promise<void> {
  const version = live.feed.publish(item);
  const began = performance.now();
  const { id, payload } = await client.next();
  const [changed] = Object.values(payload?.data ?? {});
  expect({ id, version: changed?.version }).toEqual({ id: '1', version });
  expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
}

const closing = (code: number) => (socket: WebSocket) => socket.close(code, 'poisoned');

test.each([
  [4400, 'SUBGRAPH_CLOSED_STREAM'],
  [4500, 'SUBGRAPH_CLOSED_STREAM'],
  [1002, 'SUBGRAPH_CLOSED_STREAM'],
  [1007, 'SUBGRAPH_CLOSED_STREAM'],
  [1008, 'SUBGRAPH_CLOSED_STREAM'],
  [1009, 'SUBGRAPH_CLOSED_STREAM'],
  [1011, 'SUBGRAPH_CLOSED_STREAM'],
  [4401, 'UNAUTHENTICATED'],
  [4403, 'FORBIDDEN'],
  [4409, 'SUBGRAPH_CLOSED_STREAM'],
  [4429, 'SUBGRAPH_CLOSED_STREAM'],
])(
  'a subscription for which a subgraph closes the shared socket with %i ends with that in its error; the others lose nothing',
  async (closeCode, code) => {
    await using live = await startLiveGateway();
    await using a = await follow(live, 'a');
    await using b = await follow(live, 'b');
    await goesOn(live, 'a', a);
    live.feed.poison('poison', closing(closeCode));
    await using attacker = await connectAcknowledged(live.wsUrl);
    attacker.send(subscribeMessage('x', itemChanged('poison')));
    await live.feed.until(() => live.feed.subscribed.some(({ id }) => id === 'poison'));

    await goesOn(live, 'a', a);
    expect(await attacker.next()).toMatchObject({
      id: 'x',
      type: 'error',
      payload: [
        {
          message: expect.stringContaining(`${closeCode}: poisoned`),
          extensions: { code, closeCode, closeReason: 'poisoned', service: 'feed' },
        },
      ],
    });
    await live.feed.until(() => live.feed.active === 2);
    expect(live.feed.subscribed.filter(({ id }) => id === 'poison').length).toBeLessThanOrEqual(2);
    await goesOn(live, 'b', b);
    await goesOn(live, 'a', a);
    expect([...a.waiting, ...b.waiting, ...attacker.waiting]).toEqual([]);
  },
);

test('what a subgraph says that is no message of the protocol costs the subscription that it says it for', async () => {
  await using live = await startLiveGateway();
  await using a = await follow(live, 'a');
  live.feed.poison('garbage', (socket) => socket.send('not json'));
  live.feed.poison('strangers', (socket) => {
    for (const type of ['next', 'error', 'complete', 'what', 7])
      socket.send(JSON.stringify({ id: 'nobody', type, payload: {} }));
    socket.send(JSON.stringify({ type: 'ka' }));
    for (const odd of [{ toString: 1, valueOf: 1 }, [], null, true])
      for (const type of ['next', odd]) socket.send(JSON.stringify({ id: odd, type, payload: {} }));
    socket.send(JSON.stringify({ type: 'error', payload: 'no id' }));
  });
  live.feed.poison('odd', (socket, id) => socket.send(JSON.stringify({ id, type: 'next', payload: 'text' })));
  live.feed.poison('unknown', (socket, id) => socket.send(JSON.stringify({ id, type: 'data', payload: {} })));

  await using strangers = await follow(live, 'strangers');
  await goesOn(live, 'strangers', strangers);
  expect(live.metrics.upstreamReconnects).toBe(0);
  await using client = await connectAcknowledged(live.wsUrl);
  for (const id of ['odd', 'unknown']) {
    client.send(subscribeMessage(id, itemChanged(id)));
    expect(await client.next()).toMatchObject({
      id,
      type: 'error',
      payload: [{ extensions: { code: 'SUBGRAPH_BAD_RESPONSE' } }],
    });
  }
  await goesOn(live, 'a', a);
  expect(live.metrics.upstreamReconnects).toBe(0);
  client.send(subscribeMessage('garbage', itemChanged('garbage')));
  expect(await client.next()).toMatchObject({
    id: 'garbage',
    type: 'error',
    payload: [{ extensions: { code: 'SUBGRAPH_CLOSED_STREAM', closeCode: 4400 } }],
  });
  await goesOn(live, 'a', a);
  await goesOn(live, 'strangers', strangers);
});

test('among many that come at once, the poisonous ones are found out and all others are served', async () => {
  await using live = await startLiveGateway({ maxSubscriptionsPerConnection: 1_000 });
  const items = Array.from({ length: 300 }, (_, index) => `item-${index}`);
  const poisonous = new Set(['item-7', 'item-8', 'item-250']);
  for (const item of poisonous) live.feed.poison(item, closing(4500));
  await using client = await connectAcknowledged(live.wsUrl);
  const query = 'subscription ($id: ID!) { itemChanged(id: $id) { version } }';
  for (const id of items) client.send(subscribeMessage(id, query, { variables: { id } }));

  const ended = [await client.next(), await client.next(), await client.next()];
  expect(new Set(ended.map(({ id, type }) => `${type} ${id}`))).toEqual(
    new Set([...poisonous].map((id) => `error ${id}`)),
  );
  await live.feed.until(() => live.feed.active === items.length - poisonous.size);
  for (const id of items) live.feed.publish(id);
  const served = [];
  for (let i = poisonous.size; i < items.length; i += 1) served.push((await client.next()).id);
  expect(new Set(served)).toEqual(new Set(items.filter((id) => !poisonous.has(id))));
  expect(live.metrics.upstreamSockets).toBeLessThan(150);
});

test('whoever poisons again and again disturbs nobody any more, not even a stream that cannot be resumed', async () => {
  await using live = await startLiveGateway();
  await using resumable = await follow(live, 'a');
  for (const item of ['p1', 'p2', 'p3', 'p4']) live.feed.poison(item, closing(4500));
  await using attacker = await connectAcknowledged(live.wsUrl);
  attacker.send(subscribeMessage('1', itemChanged('p1')));
  await attacker.next();
  await using ticking = await follow(live, 't', TICKED);
  await live.feed.until(() => live.feed.active === 2);
  const asked = live.feed.subscribed.length;

  for (const item of ['p2', 'p3', 'p4']) {
    attacker.send(subscribeMessage(item, itemChanged(item)));
    expect((await attacker.next()).id).toBe(item);
    await goesOn(live, 't', ticking);
    await goesOn(live, 'a', resumable);
  }
  expect(live.feed.subscribed.slice(asked).map(({ id }) => id)).toEqual(['p2', 'p3', 'p4']);
});

test.each([
  ['itemChanged', { extensions: { cursor: 0 } }],
  ['itemChanged', {}],
  ['ticked', {}],
])(
  'an event that is too large for the gateway ends its stream, of %s with %j, and costs no other one anything',
  async (field, rest) => {
    await using live = await startLiveGateway({}, { SUBGRAPH_MAX_RESPONSE_BYTES: '50000' });
    await using a = await follow(live, 'a');
    await using t = await follow(live, 't', TICKED);
    const large = 'x'.repeat(60_000);
    await using culprit = await connectAcknowledged(live.wsUrl);
    const argument = field === 'ticked' ? 'topic' : 'id';
    culprit.send(subscribeMessage('1', `subscription { ${field}(${argument}: "${large}") { id } }`, rest));
    await live.feed.until(() => live.feed.active === 3);
    await goesOn(live, 'a', a);

    live.feed.publish(large);
    expect(await culprit.next()).toMatchObject({
      type: 'error',
      payload: [
        {
          message: expect.stringContaining('50000'),
          extensions: { code: 'SUBGRAPH_TOO_LARGE', service: 'feed' },
        },
      ],
    });
    await live.feed.until(() => live.feed.active === 2);
    await goesOn(live, 'a', a);
    await goesOn(live, 't', t);
    expect(live.metrics.upstreamReconnects).toBe(0);
  },
);

test('an event that is much too large closes the socket; its stream is found out, and the others go on', async () => {
  await using live = await startLiveGateway({}, { SUBGRAPH_MAX_RESPONSE_BYTES: '50000' });
  await using a = await follow(live, 'a');
  live.feed.poison('huge', (socket, id) => {
    socket.send(JSON.stringify({ id, type: 'next', payload: { data: 'x'.repeat(33 * 1024 * 1024) } }));
  });
  await using culprit = await connectAcknowledged(live.wsUrl);
  culprit.send(subscribeMessage('1', itemChanged('huge')));
  expect(await culprit.next()).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'SUBGRAPH_CLOSED_STREAM', closeCode: 1009 } }],
  });
  await goesOn(live, 'a', a);
});

test('probation ends: streams that can be resumed share one socket again', async () => {
  await using live = await startLiveGateway({ probationMs: 100 });
  await using a = await follow(live, 'a');
  await using b = await follow(live, 'b');
  await using t = await follow(live, 't', TICKED);
  for (const [item, client] of [
    ['a', a],
    ['b', b],
    ['t', t],
  ] as const)
    await goesOn(live, item, client);
  live.feed.poison('poison', closing(4500));
  await using attacker = await connectAcknowledged(live.wsUrl);
  attacker.send(subscribeMessage('1', itemChanged('poison')));
  await attacker.next();

  await expect.poll(() => live.metrics.upstreamSockets, { timeout: 5_000 }).toBeLessThanOrEqual(2);
  for (const [item, client] of [
    ['a', a],
    ['b', b],
    ['t', t],
  ] as const)
    await goesOn(live, item, client);
  expect([...a.waiting, ...b.waiting, ...t.waiting]).toEqual([]);
});

test('a subscription that makes a subgraph drop its socket without a word is alone in the end', async () => {
  await using live = await startLiveGateway({ resumeWithinMs: 1_000 });
  await using a = await follow(live, 'a');
  live.feed.poison('poison', (socket) => socket.terminate());
  await using attacker = await connectAcknowledged(live.wsUrl);
  attacker.send(subscribeMessage('1', itemChanged('poison')));
  expect(await attacker.next()).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'SUBGRAPH_UNREACHABLE', retryable: true } }],
  });
  await goesOn(live, 'a', a);
});

test('a connection that a subgraph closes by a rule of its own after a while is opened again, and nobody is found guilty', async () => {
  await using live = await startLiveGateway({ upstreamIdentity: 'operation' });
  await using a = await follow(live, 'a');
  await goesOn(live, 'a', a);
  await new Promise((resolve) => setTimeout(resolve, 2_050)); // no suspect any more
  for (const socket of live.feed.sockets) socket.close(4408, 'lasted long enough');
  await goesOn(live, 'a', a);
  await goesOn(live, 'a', a);
  expect(a.waiting).toEqual([]);
});

test('with a socket an identity, one whose greeting a subgraph fails at is told so at once', async () => {
  await using live = await startLiveGateway({ upstreamIdentity: 'connection' });
  await using good = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer good' });
  good.send(subscribeMessage('1', itemChanged('a')));
  await live.feed.until(() => live.feed.active === 1);
  await using bad = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer bad' });
  for (const id of ['1', '2']) {
    bad.send(subscribeMessage(id, itemChanged('a')));
    expect(await bad.next()).toMatchObject({
      id,
      type: 'error',
      payload: [{ extensions: { closeCode: 4500, closeReason: 'no such token', retryable: true } }],
    });
  }
  await goesOn(live, 'a', good);
});

test('a subscription that has grown too large for its subgraph is refused to its sender, and to nobody else', async () => {
  await using live = await startLiveGateway({ maxUpstreamRequestBytes: 20_000 });
  await using a = await follow(live, 'a');
  await using large = await connectAcknowledged(live.wsUrl, {
    authorization: `Bearer ${'t'.repeat(10_000)}`,
  });
  const query = 'subscription ($id: ID!) { itemChanged(id: $id) { version } }';
  // Each fits on its way to us, and what we add to it makes it too large.
  large.send(subscribeMessage('literal', itemChanged('x'.repeat(12_000))));
  large.send(subscribeMessage('variable', query, { variables: { id: 'x'.repeat(12_000) } }));
  const refused = [await large.next(), await large.next()];
  expect(refused.map(({ type }) => type)).toEqual(['error', 'error']);
  for (const { payload } of refused)
    expect(payload).toMatchObject([
      { message: expect.stringContaining('20000'), extensions: { code: 'SUBSCRIPTION_TOO_LARGE' } },
    ]);
  await goesOn(live, 'a', a);
  expect(live.metrics).toMatchObject({ upstreamReconnects: 0, streams: 1 });
});

test('what waits to be sent to a subgraph is bounded: who comes then is told to come back, and who is there stays', async () => {
  await using live = await startLiveGateway({ maxUpstreamRequestBytes: 500_000 });
  await using a = await follow(live, 'a');
  await goesOn(live, 'a', a);
  // One client's share a socket, also with a stream that can be resumed.
  await using client = await connectAcknowledged(live.wsUrl, { authorization: 'Bearer one' });
  for (const socket of live.feed.sockets) socket.pause();
  const query = 'subscription ($id: ID!) { itemChanged(id: $id) { version } }';
  const refused = client.next();
  let isRefused = false;
  void refused.then(() => {
    isRefused = true;
  });
  for (let n = 0; n < 200 && !isRefused; n += 1) {
    client.send(subscribeMessage(`s${n}`, query, { variables: { id: `${n}${'x'.repeat(400_000)}` } }));
    client.send({ id: `s${n}`, type: 'complete' });
    // Asked after each of them, so that it is answered once there is too much.
    client.send(subscribeMessage(`t${n}`, query, { variables: { id: String(n) } }));
    await new Promise((resolve) => setImmediate(resolve));
    if (n % 20 === 19) await Promise.race([refused, new Promise((resolve) => setTimeout(resolve, 50))]);
  }
  expect(await refused).toMatchObject({
    type: 'error',
    payload: [{ extensions: { code: 'SUBGRAPH_OVERLOADED', retryable: true } }],
  });
  for (const socket of live.feed.sockets) socket.resume();
  await goesOn(live, 'a', a);
});
