// Nobody takes up all live connections from one address.
import { connect } from 'node:net';
import { afterEach, beforeAll, afterAll, expect, test } from 'vitest';
import { until } from '#tests/support/until.ts';
import { type LiveGateway, startLiveGateway } from './support/live-gateway.ts';
import { connectRaw, itemChanged, type RawClient, subscribeMessage } from './support/raw-client.ts';

const SSE = 'text/event-stream';
const MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0';

let live: LiveGateway;
const opened: { close(): unknown }[] = [];

beforeAll(async () => {
  live = await startLiveGateway({ maxConnectionsPerAddress: 3 }, { TRUSTED_PROXIES: '127.0.0.1' });
});
afterAll(() => live[Symbol.asyncDispose]());
afterEach(async () => {
  for (const { close } of opened.splice(0)) close();
  await until(() => live.metrics.connections === 0 && live.feed.active === 0, 'everybody to have left');
});

async function byWebSocket(address: string, protocol = 'graphql-transport-ws'): Promise<RawClient> {
  const client = await connectRaw(live.wsUrl, protocol, { 'x-forwarded-for': address });
  opened.push({ close: () => client.socket.terminate() });
  return client;
}

async function byHttp(address: string, accept: string): Promise<Response> {
  const leaving = new AbortController();
  opened.push({ close: () => leaving.abort() });
  return fetch(live.url, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ query: itemChanged('a') }),
    signal: leaving.signal,
  });
}

test('one connection too many from an address is refused over every transport, and nobody else is', async () => {
  const address = '203.0.113.1';
  const first = await byWebSocket(address);
  await byWebSocket(address, 'graphql-ws');
  expect((await byHttp(address, SSE)).status).toBe(200);

  for (const protocol of ['graphql-transport-ws', 'graphql-ws']) {
    const refused = await byWebSocket(address, protocol);
    expect(await refused.closed).toEqual({ code: 4430, reason: 'Too many connections from this address' });
  }
  for (const accept of [SSE, MULTIPART]) {
    const refused = await byHttp(address, accept);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: 'TOO_MANY_CONNECTIONS' } }],
    });
  }
  expect(live.metrics.closes['fullForAddress']).toBe(4);

  const other = await byWebSocket('203.0.113.2');
  for (const client of [first, other]) {
    client.send({ type: 'connection_init' });
    expect((await client.next()).type).toBe('connection_ack');
  }
  first.socket.close();
  await until(() => live.metrics.connections === 3, 'one to have left');
  expect((await byHttp(address, MULTIPART)).status).toBe(200);
});

test('the addresses that one customer has of IPv6 count as one', async () => {
  for (const host of [':1', ':ffff:2', 'a:b:c:d']) await byWebSocket(`2001:db8:1:2:${host}`);
  const refused = await byWebSocket('2001:db8:1:2::9');
  expect((await refused.closed).code).toBe(4430);
  const neighbour = await byWebSocket('2001:db8:1:3::9');
  neighbour.send({ type: 'connection_init' });
  expect((await neighbour.next()).type).toBe('connection_ack');
});

test('who is gone as soon as it has asked leaves no place taken, and no subscription', async () => {
  const { hostname, port } = new URL(live.url);
  const body = JSON.stringify({ query: itemChanged('a') });
  const before = live.metrics.connectionsTotal;
  for (let n = 0; n < 60; n += 1) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    const sent = new Promise((resolve) =>
      socket.write(
        `POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: ${n % 2 === 0 ? SSE : MULTIPART}\r\n` +
          `X-Forwarded-For: 203.0.113.${n}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        resolve,
      ),
    );
    await sent;
    if (n % 3 === 0) socket.end();
    else if (n % 3 === 1) socket.destroy();
    else socket.resetAndDestroy();
  }
  await until(() => live.metrics.connectionsTotal > before, 'some to have been heard');
  const client = await byWebSocket('203.0.113.250');
  client.send({ type: 'connection_init' });
  await client.next();
  client.send(subscribeMessage('1', '{ me { name } }'));
  await client.next();
  client.socket.terminate();
  await until(() => live.metrics.connections === 0, 'all places to be free again');
  await live.feed.until(() => live.feed.active === 0);
  expect(live.metrics.subscriptions).toBe(0);
});
