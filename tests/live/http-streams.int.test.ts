import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createGunzip, createInflate } from 'node:zlib';
import { createClient } from 'graphql-sse';
import { EventSource } from 'undici';
import { expect, test } from 'vitest';
import { until } from '#tests/support/until.ts';
import { startFlakyProxy } from '#tests/support/database/flaky-proxy.ts';
import { startLiveGateway } from './support/live-gateway.ts';
import { itemChanged } from './support/raw-client.ts';

const SSE = 'text/event-stream';
const MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json';

interface Stream extends AsyncDisposable {
  readonly response: Response;
  /** Everything read so far, once it contains `text`. */
  until(text: string): Promise<string>;
  /** Everything, once the server has ended the answer. */
  end(): Promise<string>;
}

async function open(
  url: string,
  accept: string,
  query: string,
  headers: Record<string, string> = {},
): Promise<Stream> {
  const leaving = new AbortController();
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
    signal: leaving.signal,
  });
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let read = '';
  const more = async () => {
    const chunk = await reader?.read();
    read += decoder.decode(chunk?.value, { stream: true });
    return chunk?.done === false;
  };
  return {
    response,
    async until(text) {
      while (!read.includes(text)) if (!(await more())) throw new Error(`ended without ${text}: ${read}`);
      return read;
    },
    async end() {
      while (await more());
      return read;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
    },
  };
}

function tokenFor(lifeMs: number): string {
  const claims = { exp: (Date.now() + lifeMs) / 1_000 };
  return `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}

test('server-sent events carry each event’s cursor as id, and Last-Event-ID resumes behind it', async () => {
  await using live = await startLiveGateway();
  await using first = await open(live.url, SSE, itemChanged('a'));
  expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  await live.feed.until(() => live.feed.active === 1);
  live.feed.publish('a');
  expect(await first.until('"version":1')).toContain(
    'event: next\nid: 1\ndata: {"data":{"itemChanged":{"id":"a","version":1',
  );
  await first[Symbol.asyncDispose]();
  await live.feed.until(() => live.feed.active === 0);
  live.feed.publish('a');
  live.feed.publish('a');

  await using second = await open(live.url, SSE, itemChanged('a'), { 'last-event-id': '1' });
  const read = await second.until('"version":3');
  expect([...read.matchAll(/"version":(\d)/g)].map(([, version]) => version)).toEqual(['2', '3']);
});

test('an EventSource that loses its stream before the first event misses nothing', async () => {
  await using live = await startLiveGateway();
  await using way = await startFlakyProxy({ port: Number(new URL(live.url).port) });
  live.feed.publish('a');
  const query = 'subscription { itemChangedAnnounced(id: "a") { version } }';
  const versions: unknown[] = [];
  const ids: string[] = [];
  const open = () => {
    const source = new EventSource(`${way.through(live.url)}?${new URLSearchParams({ query }).toString()}`, {
      node: { reconnectionTime: 50 },
    });
    source.addEventListener('next', (event) => {
      const { data, lastEventId } = event as MessageEvent<string>;
      versions.push((JSON.parse(data) as { data: unknown }).data);
      ids.push(lastEventId);
    });
    return source;
  };
  const first = open();
  await expect.poll(() => live.metrics.positions).toBe(1);
  const joined = open();
  await expect.poll(() => live.metrics.subscriptions).toBe(2);

  way.refuse(true);
  way.cut();
  await live.feed.until(() => live.feed.active === 0);
  live.feed.publish('a');
  way.refuse(false);

  const update = { itemChangedAnnounced: { version: 2 } };
  await expect.poll(() => versions, { timeout: 10_000 }).toEqual([update, update]);
  expect(ids).toEqual(['2', '2']);
  first.close();
  joined.close();
});

test('graphql-sse takes no notice of where a stream stands', async () => {
  await using live = await startLiveGateway();
  const client = createClient({ url: live.url, retryAttempts: 0 });
  const results = client.iterate({ query: 'subscription { itemChangedAnnounced(id: "a") { version } }' });
  const first = results.next();
  await expect.poll(() => live.metrics.positions).toBe(1);
  live.feed.publish('a');
  expect((await first).value).toEqual({
    data: { itemChangedAnnounced: { version: 1 } },
    extensions: { cursor: 1 },
  });
  client.dispose();
});

test('each multipart event ends with the next boundary, and heartbeats keep the stream alive', async () => {
  await using live = await startLiveGateway({ heartbeatMs: 50 });
  await using stream = await open(live.url, MULTIPART, itemChanged('a'));
  expect(stream.response.headers.get('content-type')).toBe(
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
  );
  await live.feed.until(() => live.feed.active === 1);
  await stream.until('\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql');
  live.feed.publish('a');
  const read = await stream.until('"cursor":1}}}\r\n--graphql');
  expect(read).toContain('\r\ncontent-type: application/json\r\n\r\n{"payload":{"data":{"itemChanged":');
  expect(read.startsWith('\r\n--graphql\r\n')).toBe(true);
});

test('a stream ends with a typed error when the token expires', async () => {
  await using live = await startLiveGateway();
  const headers = { authorization: tokenFor(1_000) };
  await using sse = await open(live.url, SSE, itemChanged('a'), headers);
  await using multipart = await open(live.url, MULTIPART, itemChanged('a'), headers);
  const error =
    '{"message":"The token has expired.","extensions":{"code":"UNAUTHENTICATED","reason":"TOKEN_EXPIRED","retryable":true}}';
  expect(await sse.end()).toContain(`event: next\ndata: {"errors":[${error}]}\n\nevent: complete\n`);
  expect(await multipart.end()).toContain(`{"payload":null,"errors":[${error}]}\r\n--graphql--\r\n`);
  await live.feed.until(() => live.feed.active === 0);
});

test('draining ends server-sent events without `complete`, and multipart with a retryable error', async () => {
  await using live = await startLiveGateway();
  await using sse = await open(live.url, SSE, itemChanged('a'));
  await using multipart = await open(live.url, MULTIPART, itemChanged('a'));
  const drained = live.drain();
  expect(await sse.end()).not.toContain('complete');
  expect(await multipart.end()).toMatch(
    /"code":"SERVICE_RESTART","retryable":true\}\}\]\}\r\n--graphql--\r\n$/,
  );
  await drained;
  await live.feed.until(() => live.feed.active === 0);
});

test('GET streams subscriptions, as browsers’ EventSource asks for them, and never runs a mutation', async () => {
  await using live = await startLiveGateway();
  const get = (query: string) =>
    fetch(`${live.url}?${new URLSearchParams({ query }).toString()}`, { headers: { accept: SSE } });
  expect((await get('mutation { rename(id: "1", name: "Eve") { name } }')).status).toBe(405);
  const stream = await get('subscription { itemChanged(id: "a") { id } }');
  expect(stream.status).toBe(200);
  await live.feed.until(() => live.feed.active === 1);
  await stream.body?.cancel();
  await live.feed.until(() => live.feed.active === 0);
});

test.each(['identity', 'gzip'])(
  'a client that does not read is cut off, and no longer costs memory: %s',
  async (coding) => {
    await using live = await startLiveGateway({ maxBufferedBytes: 64 * 1024 });
    const id = randomBytes(75_000).toString('base64');
    const query = `subscription { itemChanged(id: "${id}") { id } }`;
    await using _unread = await open(live.url, SSE, query, { 'accept-encoding': coding });
    await live.feed.until(() => live.feed.active === 1);
    while (live.metrics.connections > 0) {
      const { deliveries } = live.metrics;
      live.feed.publish(id);
      await expect
        .poll(() => live.metrics.deliveries > deliveries || live.metrics.connections === 0, { interval: 1 })
        .toBe(true);
    }
    expect(live.metrics.closes['tooSlow']).toBe(1);
    await live.feed.until(() => live.feed.active === 0);
  },
);

/** A stream's bytes as they come: `fetch` would undo what these tests are about. */
async function openRaw(url: string, headers: Record<string, string>, id: string) {
  const sent = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
  sent.end(JSON.stringify({ query: itemChanged(id) }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

test.each([
  ['gzip', SSE, '"cursor":1}}\n\n'],
  ['deflate', SSE, '"cursor":1}}\n\n'],
  ['gzip', MULTIPART, '"cursor":1}}}\r\n--graphql'],
])(
  'each event of a stream in %s can be read when it happens, each heartbeat, too (%s)',
  async (coding, accept, end) => {
    await using live = await startLiveGateway({ heartbeatMs: 50 });
    const id = 'x'.repeat(2_000);
    const response = await openRaw(live.url, { accept, 'accept-encoding': coding }, id);
    expect(response.headers).toMatchObject({ 'content-encoding': coding, 'x-accel-buffering': 'no' });
    const inflating = response.pipe(coding === 'gzip' ? createGunzip() : createInflate());
    let wire = 0;
    let read = '';
    response.on('data', (chunk: Buffer) => (wire += chunk.length));
    inflating.setEncoding('utf8').on('data', (text: string) => (read += text));
    await until(() => read.length > 0, 'the opening');
    await live.feed.until(() => live.feed.active === 1);
    live.feed.publish(id);
    await until(() => read.includes(end), 'the event');
    const event = read;
    await until(() => read.length > event.length + 3, 'heartbeats');
    expect(wire).toBeLessThan(read.length / 2);
    const ended = once(inflating, 'end');
    await live.drain();
    await ended;
    expect(read).toMatch(accept === SSE ? /:\n\n$/ : /SERVICE_RESTART.*--graphql--\r\n$/s);
  },
);

test('who shares a stream gets it in the coding that each asked for, from whenever each came', async () => {
  await using live = await startLiveGateway();
  const streams: { text: string }[] = [];
  for (const coding of ['gzip', 'deflate', 'identity', 'gzip'] as const) {
    const response = await openRaw(live.url, { accept: SSE, 'accept-encoding': coding }, 'a');
    const stream = { text: '' };
    const plain = {
      gzip: () => response.pipe(createGunzip()),
      deflate: () => response.pipe(createInflate()),
    };
    (coding === 'identity' ? response : plain[coding]())
      .setEncoding('utf8')
      .on('data', (text: string) => (stream.text += text));
    streams.push(stream);
    // Who comes later has a stream of its own until the next event.
    await live.feed.until(() => live.feed.active === Math.min(streams.length, 2));
    live.feed.publish('a');
    const version = `"version":${streams.length}`;
    await until(() => streams.every(({ text }) => text.includes(version)), version);
  }
  const versions = streams.map(({ text }) =>
    [...text.matchAll(/"version":(\d)/g)].map(([, version]) => version),
  );
  expect(versions).toEqual([['1', '2', '3', '4'], ['2', '3', '4'], ['3', '4'], ['4']]);
});

test('COMPRESS_STREAMS=off leaves streams as they are', async () => {
  await using live = await startLiveGateway({}, { COMPRESS_STREAMS: 'off' });
  const response = await openRaw(live.url, { accept: SSE, 'accept-encoding': 'gzip' }, 'a');
  expect(response.headers['content-encoding']).toBeUndefined();
  response.destroy();
});
