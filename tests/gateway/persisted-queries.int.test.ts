import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRaw } from '#tests/live/support/raw-client.ts';
import { startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { BOOKSHOP } from './support/bookshop.ts';
import { type RunningGateway, startGateway } from './support/start-gateway.ts';

const SSE = 'text/event-stream';

let stubs: StubSubgraphs;
let running: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  running = await startGateway(stubs.supergraphSdl);
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

const hashOf = (query: string) => createHash('sha256').update(query).digest('hex');
const persisted = (query: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(query) } });

async function read(response: Response) {
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const post = async (request: object, headers: Record<string, string> = {}) =>
  read(
    await fetch(running.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request),
    }),
  );

async function get({ extensions, query = '' }: { extensions: object; query?: string }) {
  const search = new URLSearchParams({ extensions: JSON.stringify(extensions), query });
  const headers = { 'apollo-require-preflight': '1' };
  return read(await fetch(`${running.url}?${search.toString()}`, { headers }));
}

const query = 'query Persisted { warehouse }';

test('over every way: unknown until its text has come once', async () => {
  for (const [position, ask] of [post, get, (request: object) => post(request, { accept: SSE })].entries()) {
    const text = `${query} # ${position}`;
    const request = { extensions: persisted(text) };
    const unknown = await ask(request);
    expect(unknown.status).toBe(200);
    expect(unknown.headers.get('content-type')).toContain(position === 2 ? SSE : 'application/json');
    expect(unknown.text).toContain('PersistedQueryNotFound');
    expect(unknown.text).toContain('PERSISTED_QUERY_NOT_FOUND');
    for (const asked of [{ ...request, query: text }, request]) {
      expect((await ask(asked)).text).toContain('{"data":{"warehouse":"north"}}');
    }
  }
});

test('over a WebSocket, too, where nothing else on it is harmed', async () => {
  for (const protocol of ['graphql-transport-ws', 'graphql-ws']) {
    await using client = await connectRaw(running.url.replace('http', 'ws'), protocol);
    client.send({ type: 'connection_init' });
    await client.next();
    const type = protocol === 'graphql-ws' ? 'start' : 'subscribe';
    const text = `${query} # over ${protocol}`;
    const extensions = persisted(text);
    const unknown = {
      message: 'PersistedQueryNotFound',
      extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' },
    };
    for (const asked of [{ extensions }, { query: '', extensions }]) {
      client.send({ id: '1', type, payload: asked });
      const payload = protocol === 'graphql-ws' ? unknown : [unknown];
      expect(await client.next()).toEqual({ id: '1', type: 'error', payload });
    }
    client.send({ id: '1', type, payload: { query: '{ bestYear }', extensions } });
    expect(JSON.stringify(await client.next())).toContain('is not the hash');
    for (const asked of [{ query: text, extensions }, { extensions }]) {
      client.send({ id: '1', type, payload: asked });
      expect((await client.next()).payload).toEqual({ data: { warehouse: 'north' } });
      expect(await client.next()).toEqual({ id: '1', type: 'complete' });
    }
    // What one way has learnt all know.
    expect((await post({ extensions })).text).toContain('north');
  }
});

test.each([
  ['another hash', { persistedQuery: { version: 1, sha256Hash: hashOf('{ bestYear }') } }],
  ['a version that nobody knows', { persistedQuery: { version: 2, sha256Hash: hashOf(query) } }],
  ['a hash that is none', { persistedQuery: { version: 1, sha256Hash: 'abc' } }],
  ['no object', { persistedQuery: true }],
])('with %s the request is refused', async (_what, extensions) => {
  const { status, text } = await post({ query, extensions });
  expect(status).toBe(400);
  expect(text).toContain('"BAD_REQUEST"');
});
