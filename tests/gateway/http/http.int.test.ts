import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { faults, startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { until } from '#tests/support/until.ts';
import { BOOKSHOP, EVERYTHING, EVERYTHING_ANSWER } from '#tests/gateway/support/bookshop.ts';
import { type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';

let stubs: StubSubgraphs;
const JSON_TYPE = { 'content-type': 'application/json' };

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
});

afterAll(() => stubs[Symbol.asyncDispose]());

beforeEach(() => {
  for (const { name } of BOOKSHOP) stubs.get(name).fail(undefined);
});

const start = (settings: Record<string, string> = {}) => startGateway(stubs.supergraphSdl, settings);

async function post(url: string, body: string, headers: Record<string, string> = JSON_TYPE) {
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

async function get(url: URL | string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function withQuery(url: string, query: string): URL {
  const target = new URL(url);
  target.searchParams.set('query', query);
  return target;
}

describe('GraphQL over HTTP', () => {
  let running: RunningGateway;
  beforeAll(async () => {
    running = await start({ MAX_BODY_BYTES: '20000', MAX_DEPTH: '4', MAX_DOCUMENT_TOKENS: '50' });
  });
  afterAll(() => running[Symbol.asyncDispose]());

  test('a query by GET is answered when it cannot be a forgery', async () => {
    const url = withQuery(running.url, '{ warehouse }');
    expect((await get(url)).status).toBe(400);
    const { status, text } = await get(url, { 'apollo-require-preflight': '1' });
    expect({ status, text }).toEqual({ status: 200, text: '{"data":{"warehouse":"north"}}' });
  });

  test('a mutation by GET is refused', async () => {
    const stock = stubs.get('stock');
    const before = stock.requests.length;
    const { status, headers } = await get(withQuery(running.url, 'mutation { sell(isbn: "1") }'), {
      'apollo-require-preflight': '1',
    });
    expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
    expect(stock.requests.length).toBe(before);
  });

  test('a POST that a form could send is refused', async () => {
    const { status } = await post(running.url, '{"query":"{ warehouse }"}', { 'content-type': 'text/plain' });
    expect(status).toBe(415);
  });

  test.each([
    ['text that is no JSON', '{"query"', 400, 'BAD_REQUEST'],
    ['no query', '{}', 400, 'BAD_REQUEST'],
    ['a syntax error', '{"query":"{"}', 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{"query":"{ nothing }"}', 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a variable of the wrong type',
      '{"query":"query ($i: ID!) { book(isbn: $i) { title } }","variables":{"i":[1]}}',
      400,
      'BAD_USER_INPUT',
    ],
    [
      'an unknown operation',
      '{"query":"query A { warehouse }","operationName":"B"}',
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'too large a body',
      JSON.stringify({ query: '{ warehouse }', variables: { x: 'y'.repeat(20_000) } }),
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'too long a document',
      JSON.stringify({ query: `{ ${'warehouse '.repeat(60)} }` }),
      400,
      'GRAPHQL_PARSE_FAILED',
    ],
    [
      'too deep an operation',
      '{"query":"{ __schema { types { fields { type { name } } } } }"}',
      400,
      'OPERATION_TOO_DEEP',
    ],
    ['several operations at once', '[{"query":"{ warehouse }"}]', 400, 'BAD_REQUEST'],
  ])('%s is answered in GraphQL’s form', async (_what, body, status, code) => {
    const answer = await post(running.url, body);
    expect(answer.status).toBe(status);
    expect(answer.json().errors[0].extensions.code).toBe(code);
  });

  test('aliases of one field in the depth of a fragment count once, a fragment where it is spread', async () => {
    const { errors } = await running.ask(
      '{ ...A } fragment A on Query { books { ...B } } fragment B on Book { a: isbn b: isbn }',
    );
    expect(errors).toBeUndefined();
  });

  test('the request id is echoed and sent on; an unfit one is replaced', async () => {
    const votes = stubs.get('votes');
    const { headers } = await running.ask('{ bestYear }', { headers: { 'x-request-id': 'my-id-1' } });
    expect(headers.get('x-request-id')).toBe('my-id-1');
    expect(votes.requests.at(-1)?.headers['x-request-id']).toBe('my-id-1');
    const unfit = await running.ask('{ bestYear }', { headers: { 'x-request-id': 'a b{}' } });
    expect(unfit.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('only allow-listed headers of a client reach a subgraph', async () => {
    const headers = {
      authorization: 'Bearer t',
      'accept-language': 'de',
      cookie: 'a=b',
      'x-other': '1',
      'x-gateway-secret': 'forged',
    };
    await running.ask('{ bestYear }', { headers });
    const received = stubs.get('votes').requests.at(-1)?.headers ?? {};
    expect(received).toMatchObject({ authorization: 'Bearer t', 'accept-language': 'de' });
    for (const name of ['cookie', 'x-other', 'x-gateway-secret']) expect(received[name]).toBeUndefined();
  });

  test('the query plan is shown when asked for', async () => {
    const { extensions } = await running.ask('{ bestYear }', { headers: { 'x-query-plan': '1' } });
    expect(extensions?.['queryPlan']).toContain('Fetch(service: "votes")');
  });

  test('introspection answers without any subgraph', async () => {
    const { data } = await running.ask('{ __type(name: "Book") { fields { name } } }');
    expect(data).toEqual({
      __type: { fields: [{ name: 'isbn' }, { name: 'title' }, { name: 'copies' }, { name: 'stars' }] },
    });
  });

  test('what is not there is answered in GraphQL’s form, too', async () => {
    const { status, text } = await get(new URL('/nowhere', running.url));
    expect({ status, code: JSON.parse(text).errors[0].extensions.code }).toEqual({
      status: 404,
      code: 'NOT_FOUND',
    });
  });
});

describe('live transports stand at the same endpoint', () => {
  let running: RunningGateway;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running[Symbol.asyncDispose]());

  test('server-sent events', async () => {
    const { headers, text } = await post(running.url, '{"query":"{ warehouse }"}', {
      ...JSON_TYPE,
      accept: 'text/event-stream',
    });
    expect(headers.get('content-type')).toContain('text/event-stream');
    expect(text).toContain('event: next\ndata: {"data":{"warehouse":"north"}}');
    expect(text).toContain('event: complete');
  });

  test('WebSocket', async () => {
    const client = createClient({
      url: running.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const answers = [];
    for await (const answer of client.iterate({ query: '{ warehouse }' })) answers.push(answer);
    await client.dispose();
    expect(answers).toEqual([{ data: { warehouse: 'north' } }]);
  });
});

test('batches are answered when asked for', async () => {
  await using running = await start({ BATCHING: 'on' });
  const { text } = await post(running.url, '[{"query":"{ warehouse }"},{"query":"{ bestYear }"}]');
  expect(text).toBe('[{"data":{"warehouse":"north"}},{"data":{"bestYear":1999}}]');
});

describe('in a browser', () => {
  test('development: the endpoint is Apollo Sandbox with both endpoints set, and Studio may call it', async () => {
    await using running = await start();
    const { headers, text } = await get(running.url, { accept: 'text/html' });
    expect(headers.get('content-type')).toContain('text/html');
    expect(text).toContain('initialEndpoint: endpoint.href');
    expect(text).toContain('initialSubscriptionEndpoint: subscriptions.href');
    const preflight = await fetch(running.url, {
      method: 'OPTIONS',
      headers: { origin: 'https://studio.apollographql.com', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://studio.apollographql.com');
    const foreign = await fetch(running.url, {
      method: 'OPTIONS',
      headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' },
    });
    expect(foreign.headers.get('access-control-allow-origin')).not.toBe('https://elsewhere.example');
  });

  test('development: /explorer is one page that loads nothing from anywhere else', async () => {
    await using running = await start();
    const { status, text } = await get(new URL('/explorer', running.url));
    expect(status).toBe(200);
    expect(text).toContain('"endpoint":"/graphql"');
    expect(text).toContain('"subscriptionsProtocol":"SSE"');
    // What a page loads by itself: scripts, styles, images, fonts, frames, imports.
    const markup = text.slice(0, text.indexOf('<script>')) + text.slice(text.lastIndexOf('</script>'));
    expect(markup).not.toMatch(/(?:src|href)\s*=\s*["']?(?:https?:)?\/\//i);
    expect(markup).not.toMatch(/@import|url\(\s*["']?(?:https?:)?\/\//i);
    expect(text).not.toMatch(/<script[^>]+src=/i);
    expect(text).not.toMatch(/https?:\/\/[^"'`\s]*(?:unpkg|jsdelivr|esm\.sh|cdnjs|googleapis|gstatic)/i);
  });

  test('production: no page, no introspection, no plans, no origin', async () => {
    await using running = await start({ NODE_ENV: 'production' });
    expect((await get(running.url, { accept: 'text/html' })).text).not.toContain('<html');
    expect((await get(new URL('/explorer', running.url))).status).toBe(404);
    const introspection = await running.ask('{ __schema { queryType { name } } }');
    expect(introspection.errors?.[0]?.extensions?.['code']).toBe('INTROSPECTION_DISABLED');
    expect(
      (await running.ask('{ bestYear }', { headers: { 'x-query-plan': '1' } })).extensions,
    ).toBeUndefined();
    const { headers } = await running.ask('{ bestYear }', {
      headers: { origin: 'https://studio.apollographql.com' },
    });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('production masks what tells of the inside, and the log has it under the same id', async () => {
  await using running = await start({ NODE_ENV: 'production', SUBGRAPH_RETRIES: '0' });
  await stubs.get('votes').kill();
  const { data, errors } = await running.ask('{ warehouse bestYear }', {
    headers: { 'x-request-id': 'masked-1' },
  });
  await stubs.get('votes').restart();
  expect(data).toEqual({ warehouse: 'north', bestYear: null });
  expect(errors).toEqual([
    {
      message: 'A service could not be reached.',
      path: ['bestYear'],
      extensions: { code: 'SUBGRAPH_UNREACHABLE', service: 'votes', requestId: 'masked-1' },
    },
  ]);
  expect(running.log).toContainEqual(
    expect.objectContaining({
      requestId: 'masked-1',
      code: 'SUBGRAPH_UNREACHABLE',
      msg: expect.stringContaining('ECONNREFUSED'),
    }),
  );
});

describe('SHARE_REQUESTS=on', () => {
  /** Holds back all answers of `stock`, until released. */
  function holdStock(): { release: () => void } {
    const held: (() => void)[] = [];
    stubs.get('stock').fail((...given) => held.push(() => faults.none(...given)));
    return {
      release: () => {
        stubs.get('stock').fail(undefined);
        for (const answer of held.splice(0)) answer();
      },
    };
  }

  async function inFlight(running: RunningGateway, count: number): Promise<void> {
    await until(async () => (await running.inFlight()) === count, `${count} in flight`);
  }

  const OFF = { SHARE_REQUESTS: 'on', SHARE_SUBGRAPH_CALLS: 'off' };

  test('identical queries in flight are executed once, and one that hangs up takes nothing from the others', async () => {
    await using running = await start(OFF);
    const stock = stubs.get('stock');
    const before = stock.requests.length;
    const answers = holdStock();
    const leaving = new AbortController();
    const first = rejectionOf(running.ask('{ warehouse }', { signal: leaving.signal }));
    await inFlight(running, 1);
    const others = [running.ask('{ warehouse }'), running.ask('{ warehouse }')];
    await inFlight(running, 3);
    leaving.abort();
    expect(await first).toBeInstanceOf(Error);
    await inFlight(running, 2);
    answers.release();
    for (const { status, data } of await Promise.all(others)) {
      expect({ status, data }).toEqual({ status: 200, data: { warehouse: 'north' } });
    }
    expect(stock.requests.length - before).toBe(1);
  });

  test('when all have hung up the execution is cancelled', async () => {
    await using running = await start(OFF);
    const stock = stubs.get('stock');
    const before = stock.requests.length;
    stock.fail(faults.hang);
    const leaving = new AbortController();
    const asked = [1, 2].map(() => rejectionOf(running.ask('{ warehouse }', { signal: leaving.signal })));
    await inFlight(running, 2);
    await stock.received(before + 1);
    leaving.abort();
    expect(await Promise.all(asked)).toHaveLength(2);
    await until(() => stock.requests[before]?.aborted === true, 'the call to be cancelled');
  });

  test.each([
    ['mutations', 'mutation { sell(isbn: "1") }', {}],
    ['queries of different clients', '{ warehouse }', { authorization: 'Bearer other' }],
  ])('%s are never shared', async (_what, query, headers) => {
    await using running = await start(OFF);
    const stock = stubs.get('stock');
    const before = stock.requests.length;
    const answers = holdStock();
    const asked = [running.ask(query), running.ask(query, { headers })];
    await stock.received(before + 2);
    answers.release();
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  });
});

describe('overload', () => {
  test('beyond MAX_IN_FLIGHT the answer is 503 at once, with when to come back', async () => {
    await using running = await start({ MAX_IN_FLIGHT: '2', SHARE_SUBGRAPH_CALLS: 'off' });
    const stock = stubs.get('stock');
    const before = stock.requests.length;
    const held: (() => void)[] = [];
    stock.fail((...given) => held.push(() => faults.none(...given)));
    const asked = [running.ask('{ warehouse }'), running.ask('{ warehouse }')];
    await stock.received(before + 2);
    const refused = await running.ask('{ warehouse }');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.errors?.[0]?.extensions?.['code']).toBe('OVERLOADED');
    expect((await get(new URL('/health', running.url))).status).toBe(200);
    for (const answer of held) answer();
    for (const { data } of await Promise.all(asked)) expect(data).toEqual({ warehouse: 'north' });
    stock.fail(undefined);
    expect((await running.ask(EVERYTHING)).data).toEqual(EVERYTHING_ANSWER);
  });

  test('while the event loop lags the answer is 503, afterwards it is served again', async () => {
    await using running = await start({ MAX_EVENT_LOOP_DELAY_MS: '20' });
    const block = setInterval(() => {
      for (const end = performance.now() + 60; performance.now() < end; );
    }, 1);
    await until(async () => (await running.ask('{ bestYear }')).status === 503, 'a refusal');
    clearInterval(block);
    await until(async () => (await running.ask('{ bestYear }')).status === 200, 'an answer');
    expect((await running.ask('{ bestYear }')).data).toEqual({ bestYear: 1999 });
  });
});
