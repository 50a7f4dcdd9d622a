import { createHash } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const PREFLIGHT = { 'apollo-require-preflight': '1' };
const SSE = 'text/event-stream';

interface Result {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly message: string;
    readonly locations?: unknown;
    readonly extensions?: { readonly code?: string };
  }[];
}

let stubs: StubSubgraphs;
let running: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  running = await startGateway(stubs.supergraphSdl, {
    BATCHING: 'on',
    MAX_BATCH: '3',
    MAX_BODY_BYTES: '20000',
  });
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

async function send(body: BodyInit | null, headers: Record<string, string> = JSON_TYPE, method = 'POST') {
  const response = await fetch(running.url, { method, headers, body });
  const text = await response.text();
  const { status, headers: got } = response;
  return { status, headers: got, text, json: () => JSON.parse(text) as Result };
}

const post = (request: unknown, headers: Record<string, string> = {}) =>
  send(JSON.stringify(request), { ...JSON_TYPE, ...headers });

async function get(parameters: string | Record<string, string>, headers: Record<string, string> = PREFLIGHT) {
  const search = typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString();
  const response = await fetch(`${running.url}?${search}`, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as Result };
}

function asParameters(request: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

const hashOf = (query: string) => createHash('sha256').update(query).digest('hex');
const persisted = (query: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(query) } });

function eventOf(text: string): Result {
  const data = /^event: next\n(?:id: .*\n)?data: (.*)$/m.exec(text)?.[1];
  return JSON.parse(data ?? 'null') as Result;
}

async function overWebSocket(request: Record<string, unknown>): Promise<Result> {
  const client = createClient({
    url: running.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  try {
    const results = client.iterate(request as { query: string });
    return (await results.next()).value as Result;
  } catch (errors) {
    return { errors: errors as NonNullable<Result['errors']> };
  } finally {
    await client.dispose();
  }
}

/** One request, over everything that takes one. */
const WAYS: Readonly<Record<string, (request: Record<string, unknown>) => Promise<Result>>> = {
  POST: async (request) => (await post(request)).json(),
  GET: async (request) => (await get(asParameters(request))).json(),
  'a batch': async (request) => ((await post([request])).json() as unknown as Result[])[0] ?? {},
  'a persisted query': async ({ query, ...request }) => {
    const extensions = persisted(String(query));
    await post({ query, ...request, extensions });
    return (await post({ ...request, extensions })).json();
  },
  'server-sent events': async (request) => eventOf((await post(request, { accept: SSE })).text),
  'a WebSocket': overWebSocket,
  'a persisted query over a WebSocket': async ({ query, ...request }) => {
    const extensions = persisted(String(query));
    await overWebSocket({ query, ...request, extensions });
    return overWebSocket({ ...request, query: '', extensions });
  },
};

describe.each(Object.entries(WAYS))('by %s', (_name, ask) => {
  test('an empty or absent operationName means the only operation', async () => {
    for (const operationName of ['', null]) {
      if (operationName === null && ask === WAYS['GET']) continue;
      expect(await ask({ query: 'query A { warehouse }', operationName })).toEqual({
        data: { warehouse: 'north' },
      });
    }
    const { errors } = await ask({ query: 'query A { warehouse } query B { bestYear }', operationName: '' });
    expect(errors?.[0]?.extensions?.code).toBe('OPERATION_RESOLUTION_FAILURE');
  });

  test('an operationName chooses, and variables are taken', async () => {
    const query = 'query A { warehouse } query B($isbn: ID!) { book(isbn: $isbn) { title } }';
    const request = { query, operationName: 'B', variables: { isbn: '2' } };
    expect(await ask(request)).toEqual({ data: { book: { title: 'Beta' } } });
  });

  test('an error says where it is', async () => {
    const [syntax] = (await ask({ query: '{ warehouse' })).errors ?? [];
    expect(syntax).toMatchObject({ locations: [{ line: 1, column: 12 }] });
    const [validation] = (await ask({ query: '{\n  nothing }' })).errors ?? [];
    expect(validation).toMatchObject({ locations: [{ line: 2, column: 3 }] });
    const query = 'query ($i: ID!) { book(isbn: $i) { title } }';
    const [variable] = (await ask({ query, variables: { i: { a: 1 } } })).errors ?? [];
    expect(variable).toMatchObject({ locations: [{ line: 1, column: 8 }] });
  });

  test('a variable called __proto__ is a variable', async () => {
    const query = 'query ($__proto__: ID = "1", $i: ID!) { book(isbn: $i) { title } }';
    const variables: unknown = JSON.parse('{"i":"1","__proto__":{"polluted":true}}');
    const { errors } = await ask({ query, variables });
    expect(errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

test('a mutation with an empty operationName is run once by each way that may, and never by GET', async () => {
  const stock = stubs.get('stock');
  const request = { query: 'mutation { sell(isbn: "1") }', operationName: '' };
  for (const [name, ask] of Object.entries(WAYS)) {
    if (name.startsWith('a persisted query')) continue;
    const before = stock.requests.length;
    const { errors } = await ask(request);
    const times = stock.requests.length - before;
    const code = errors?.[0]?.extensions?.code;
    expect({ name, times, code }).toEqual(
      name === 'GET' ? { name, times: 0, code: 'METHOD_NOT_ALLOWED' } : { name, times: 1, code: undefined },
    );
  }
});

describe('what is no request is refused as the client’s fault', () => {
  test.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['a string', '"{ warehouse }"'],
    ['an object without a query', '{}'],
    ['a null query', '{"query":null}'],
    ['a query that is none', '{"query":{"a":1}}'],
    ['an operationName that is none', '{"query":"{ warehouse }","operationName":1}'],
    ['variables as text', '{"query":"{ warehouse }","variables":"{}"}'],
    ['variables as a list', '{"query":"{ warehouse }","variables":[]}'],
    ['extensions as a list', '{"query":"{ warehouse }","extensions":[1]}'],
    ['an empty batch', '[]'],
    ['a batch that is too long', `[${Array(4).fill('{"query":"{ warehouse }"}').join(',')}]`],
    ['two values', '{"query":"{ warehouse }"}{}'],
    ['a trailing comma', '{"query":"{ warehouse }",}'],
    ['no UTF-8', Buffer.from('7b227175657279223a22e4227d', 'hex')],
  ])('%s', async (_what, body) => {
    for (const accept of ['*/*', 'application/json', SSE]) {
      const answer = await send(body, { ...JSON_TYPE, accept });
      expect(answer.status).toBe(400);
      expect(answer.json().errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
    }
  });

  test.each([
    ['the same parameter twice', 'query={warehouse}&query={bestYear}'],
    ['variables that are no JSON', 'query={warehouse}&variables={'],
    ['variables that are a list', 'query={warehouse}&variables=[]'],
    ['extensions that are text', 'query={warehouse}&extensions="a"'],
    ['a parameter in capitals', 'QUERY={warehouse}'],
    ['nothing', ''],
  ])('GET with %s', async (_what, search) => {
    const { status, json } = await get(search);
    expect({ status, code: json().errors?.[0]?.extensions?.code }).toEqual({
      status: 400,
      code: 'BAD_REQUEST',
    });
  });

  test('an item of a batch that is none spoils no other', async () => {
    const { status, text } = await post([{ query: '{ warehouse }' }, null, { query: '{' }]);
    const [first, second, third] = JSON.parse(text) as Result[];
    expect(status).toBe(200);
    expect(first).toEqual({ data: { warehouse: 'north' } });
    expect(second?.errors?.[0]?.extensions?.code).toBe('BAD_REQUEST');
    expect(third?.errors?.[0]?.extensions?.code).toBe('GRAPHQL_PARSE_FAILED');
  });
});

test('of two keys in one object the last one counts, and what belongs to no request is passed over', async () => {
  const { text } = await send(
    '{"query":"{ bestYear }","query":"{ warehouse }","__proto__":{"a":1},"id":"1"}',
  );
  expect(text).toBe('{"data":{"warehouse":"north"}}');
});

describe('bodies', () => {
  const BODY = '{"query":"{ warehouse }"}';
  test.each([
    ['application/json'],
    ['application/json; charset=utf-8'],
    ['application/json;charset=UTF-8'],
    ['application/json; charset="utf-8"'],
    ['application/json; charset=utf8'],
    ['Application/JSON'],
    ['application/json; foo=bar'],
  ])('%s is understood', async (type) => {
    expect((await send(BODY, { 'content-type': type })).text).toBe('{"data":{"warehouse":"north"}}');
    const marked = Buffer.from(`\uFEFF${BODY}`);
    expect((await send(marked, { 'content-type': type })).status).toBe(200);
  });

  test.each([
    ['application/json; charset=utf-16'],
    ['application/json; charset=latin1'],
    ['application/json-patch+json'],
    ['application/graphql'],
    ['application/x-www-form-urlencoded'],
    ['multipart/form-data; boundary=x'],
    ['text/plain'],
    ['text/plain; application/json'],
    ['application/jsonp'],
    ['json'],
    [''],
  ])('"%s" is refused with 415', async (type) => {
    const before = stubs.get('stock').requests.length;
    for (const accept of ['*/*', SSE]) {
      const answer = await send(Buffer.from(BODY), { 'content-type': type, accept });
      expect(answer.status).toBe(415);
      expect(answer.json().errors?.[0]?.extensions?.code).toBe('UNSUPPORTED_MEDIA_TYPE');
    }
    expect(stubs.get('stock').requests.length).toBe(before);
  });
});

describe('methods', () => {
  test.each(['PUT', 'PATCH', 'DELETE', 'QUERY', 'PROPFIND'])(
    '%s is answered with 405 and what is allowed',
    async (method) => {
      const answer = await send(null, {}, method);
      expect({ status: answer.status, allow: answer.headers.get('allow') }).toEqual({
        status: 405,
        allow: 'GET, HEAD, POST, OPTIONS',
      });
      expect(answer.json().errors?.[0]?.extensions?.code).toBe('METHOD_NOT_ALLOWED');
    },
  );

  test('POST to what can only be read is answered with 405', async () => {
    const response = await fetch(new URL('/health', running.url), { method: 'POST' });
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
      status: 405,
      allow: 'GET, HEAD, OPTIONS',
    });
  });

  test('HEAD says what GET would, without a body', async () => {
    const url = `${running.url}?query={warehouse}`;
    const head = await fetch(url, { method: 'HEAD', headers: { ...PREFLIGHT, accept: `${SSE}, */*;q=0.1` } });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-type')).toContain('json');
    expect(await head.text()).toBe('');
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(400);
  });

  test('OPTIONS says what is allowed', async () => {
    const response = await fetch(running.url, { method: 'OPTIONS' });
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
      status: 204,
      allow: 'GET, HEAD, POST, OPTIONS',
    });
  });
});

describe('what a client accepts', () => {
  const query = '{ warehouse }';
  const URQL =
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';

  test.each([
    [URQL, 'application/graphql-response+json'],
    ['text/event-stream, application/json', 'application/json'],
    ['text/event-stream, */*;q=0.1', 'application/json'],
    ['multipart/mixed ; subscriptionSpec = "1.0", application/json;q=0.2', 'application/json'],
    ['text/event-stream;q=0, application/json', 'application/json'],
    ['text/event-stream', 'text/event-stream'],
    ['text/event-stream, application/json;q=0', 'text/event-stream'],
  ])('%s: a query comes as %s', async (accept, type) => {
    for (const answer of [
      await post({ query }, { accept }),
      await get({ query }, { ...PREFLIGHT, accept }),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toContain(type);
      expect(answer.text).toContain('{"data":{"warehouse":"north"}}');
    }
  });

  test.each([
    'text/html',
    'application/json;q=0',
    'image/png, text/plain',
    'multipart/mixed;subscriptionSpec=1.0',
  ])('%s is answered with 406', async (accept) => {
    const { status, json } = await post({ query }, { accept });
    expect({ status, code: json().errors?.[0]?.extensions?.code }).toEqual({
      status: 406,
      code: 'NOT_ACCEPTABLE',
    });
  });

  test('a request whose operation is wrong is 200 for who asks for application/json, 400 for the others', async () => {
    for (const [wrong, code] of [
      ['{', 'GRAPHQL_PARSE_FAILED'],
      ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ] as const) {
      for (const [accept, expected] of [
        ['application/json', 200],
        ['application/graphql-response+json', 400],
        ['*/*', 400],
      ] as const) {
        const { status, json } = await post({ query: wrong }, { accept });
        expect({ status, code: json().errors?.[0]?.extensions?.code }).toEqual({ status: expected, code });
      }
    }
  });
});

describe('a GET that another site’s page could have sent is refused', () => {
  const query = '{ warehouse }';
  test.each([
    ['without any sign', {}, 400],
    ['as an event stream', { accept: SSE }, 400],
    ['for a page', { accept: 'text/html' }, 400],
    ['from another site', { 'sec-fetch-site': 'cross-site', accept: SSE }, 400],
    ['from the same origin', { 'sec-fetch-site': 'same-origin', accept: SSE }, 200],
    ['with a header that is asked for first', { 'x-apollo-operation-name': 'A' }, 200],
    ['with an empty one', { 'x-apollo-operation-name': '' }, 400],
  ])('%s', async (_what, headers, status) => {
    expect((await get({ query }, headers)).status).toBe(status);
  });
});
