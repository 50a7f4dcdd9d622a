import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '#gateway/settings.ts';
import { faults, startStubSubgraph, type StubSubgraph } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { until } from '#tests/support/until.ts';
import { forwardHeaders } from '#gateway/subgraphs/forwarded-headers.ts';
import type { SubgraphCall, Upstreams } from './calls.ts';
import { createUpstreamRegistry, type UpstreamRegistry } from './create-calls.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])';
const TYPES = `${LINK} type Query { hello(name: String): String } type Mutation { shout: String }`;
const RESOLVERS = {
  Query: { hello: (_: never, { name }: { name?: string }) => `hello ${name ?? 'you'}` },
  Mutation: { shout: () => 'HELLO' },
};

let stub: StubSubgraph;
let open: { upstreams: Upstreams; registry: UpstreamRegistry }[] = [];

beforeEach(async () => {
  stub = await startStubSubgraph({ name: 'greeter', typeDefs: TYPES, resolvers: RESOLVERS });
});

afterEach(async () => {
  await stub.kill();
  await Promise.all(open.map(({ upstreams }) => upstreams[Symbol.asyncDispose]()));
  open = [];
});

function connect(settings: Record<string, string> = {}): Upstreams {
  const { upstream } = readConfig([], { SUPERGRAPH: 'none', ...settings });
  const registry = createUpstreamRegistry(upstream, pino({ level: 'silent' }));
  const upstreams = registry.open([{ name: 'greeter', url: stub.url }]);
  open.push({ upstreams, registry });
  return upstreams;
}

const hello = (more: Partial<SubgraphCall> = {}): SubgraphCall => ({
  subgraph: 'greeter',
  request: { query: '{ hello }' },
  operation: 'query',
  headers: {},
  ...more,
});
const shout = hello({ operation: 'mutation', request: { query: 'mutation { shout }' } });
const HELLO = { data: { hello: 'hello you' } };

/** Holds every answer back until `release`. */
function holdAnswers(): { release: () => void } {
  const held: (() => void)[] = [];
  stub.fail((...given) => held.push(() => faults.none(...given)));
  return {
    release: () => {
      stub.fail(undefined);
      for (const answer of held.splice(0)) answer();
    },
  };
}

test('a call carries query, variables, the headers it was given, and the shared secret', async () => {
  const upstreams = connect({ GATEWAY_SECRET: 'dev-0123456789abcdef' });
  const request = { query: 'query ($n: String) { hello(name: $n) }', variables: { n: 'Ann' } };
  const answer = await upstreams.call(hello({ request, headers: { authorization: 'Bearer t' } }));
  expect(answer).toEqual({ data: { hello: 'hello Ann' } });
  expect(stub.requests[0]?.headers).toMatchObject({
    authorization: 'Bearer t',
    'content-type': 'application/json',
    'x-gateway-secret': 'dev-0123456789abcdef',
  });
});

test('identical queries in flight travel once, one after the other twice', async () => {
  const upstreams = connect();
  const answers = holdAnswers();
  const calls = [upstreams.call(hello()), upstreams.call(hello()), upstreams.call(hello())];
  await stub.received(1);
  answers.release();
  expect(await Promise.all(calls)).toEqual([HELLO, HELLO, HELLO]);
  expect(stub.requests).toHaveLength(1);
  await upstreams.call(hello());
  expect(stub.requests).toHaveLength(2);
});

test.each([
  ['another header value', hello({ headers: { authorization: 'Bearer other' } })],
  ['one header more', hello({ headers: { authorization: 'Bearer t', 'accept-language': 'de' } })],
  [
    'other variables',
    hello({ headers: { authorization: 'Bearer t' }, request: { query: '{ hello }', variables: { n: 1 } } }),
  ],
])('calls that differ by %s are never shared', async (_what, other) => {
  const upstreams = connect();
  const answers = holdAnswers();
  const calls = [upstreams.call(hello({ headers: { authorization: 'Bearer t' } })), upstreams.call(other)];
  await stub.received(2);
  answers.release();
  expect(await Promise.all(calls)).toHaveLength(calls.length);
});

test('a request id that the gateway made up keeps nobody from sharing, one that a client chose does', async () => {
  const upstreams = connect();
  const allowed = ['x-request-id'];
  const answers = holdAnswers();
  const calls = [
    upstreams.call(hello({ headers: forwardHeaders({}, allowed, 'made-1') })),
    upstreams.call(hello({ headers: forwardHeaders({}, allowed, 'made-2') })),
    upstreams.call(hello({ headers: forwardHeaders({ 'x-request-id': 'chosen' }, allowed, 'chosen') })),
  ];
  await stub.received(2);
  answers.release();
  expect(await Promise.all(calls)).toHaveLength(calls.length);
  expect(stub.requests.map(({ headers }) => headers['x-request-id'])).toEqual(['made-1', 'chosen']);
});

test('a call that must be fresh is not answered by one that began earlier', async () => {
  const upstreams = connect();
  const answers = holdAnswers();
  const calls = [upstreams.call(hello()), upstreams.call({ ...hello(), fresh: true })];
  await stub.received(2);
  answers.release();
  expect(await Promise.all(calls)).toEqual([HELLO, HELLO]);
});

test('mutations are never shared', async () => {
  const upstreams = connect();
  const answers = holdAnswers();
  const calls = [upstreams.call(shout), upstreams.call(shout)];
  await stub.received(2);
  answers.release();
  expect(await Promise.all(calls)).toHaveLength(calls.length);
});

test('SHARE_SUBGRAPH_CALLS=off sends every call', async () => {
  const upstreams = connect({ SHARE_SUBGRAPH_CALLS: 'off' });
  const answers = holdAnswers();
  const calls = [upstreams.call(hello()), upstreams.call(hello())];
  await stub.received(2);
  answers.release();
  expect(await Promise.all(calls)).toHaveLength(calls.length);
});

test.each(['on', 'off'])(
  'sharing %s: a call whose client has gone is cancelled on the wire',
  async (share) => {
    const upstreams = connect({ SHARE_SUBGRAPH_CALLS: share });
    stub.fail(faults.hang);
    const client = new AbortController();
    const call = upstreams.call(hello({ signal: client.signal }));
    await stub.received(1);
    client.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED', subgraph: 'greeter' });
    await until(() => stub.requests[0]?.aborted === true, 'the wire to be cut');
    await expect(upstreams.call(hello({ signal: client.signal }))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(stub.requests).toHaveLength(1);
  },
);

test('whoever comes after a shared call was given up by all gets a call of its own', async () => {
  const upstreams = connect();
  stub.fail(faults.hang);
  const client = new AbortController();
  const call = upstreams.call(hello({ signal: client.signal }));
  await stub.received(1);
  stub.fail(undefined);
  const cancelled = rejectionOf(call);
  client.abort();
  expect(await upstreams.call(hello())).toEqual(HELLO);
  expect(await cancelled).toMatchObject({ code: 'CANCELLED' });
});

test('at most SUBGRAPH_MAX_CALLS are under way, SUBGRAPH_MAX_WAITING wait, and the next one fails at once', async () => {
  const upstreams = connect({ SUBGRAPH_MAX_CALLS: '2', SUBGRAPH_MAX_WAITING: '1' });
  const answers = holdAnswers();
  const call = (n: number) => upstreams.call(hello({ request: { query: '{ hello }', variables: { n } } }));
  const first = [call(1), call(2), call(3)];
  await stub.received(2);
  await expect(call(4)).rejects.toMatchObject({ code: 'SUBGRAPH_OVERLOADED' });
  expect(stub.requests).toHaveLength(2);
  answers.release();
  expect(await Promise.all(first)).toEqual([HELLO, HELLO, HELLO]);
});

test.each([
  [
    'one client',
    (n: number) => ({ headers: { authorization: 'heavy' }, request: { query: `{ a${n}: hello }` } }),
    7,
  ],
  [
    'one operation',
    (n: number) => ({ headers: { authorization: `user ${n}` }, request: { query: '{ heavy: hello }' } }),
    6,
  ],
])('%s never takes all turns, and not all places to wait for one', async (_what, heavy, most) => {
  const upstreams = connect({ SUBGRAPH_MAX_CALLS: '8', SUBGRAPH_MAX_WAITING: '8' });
  stub.fail((response, answer, request) => {
    const held = request.headers.authorization === 'heavy' || answer.includes('heavy');
    (held ? faults.hang : faults.none)(response, answer, request);
  });
  const client = new AbortController();
  const calls = Array.from({ length: 20 }, (_, n) =>
    upstreams
      .call(hello({ ...heavy(n), signal: client.signal }))
      .catch((error: { code: string }) => error.code),
  );
  await stub.received(most);
  for (let n = 0; n < 5; n += 1)
    expect(await upstreams.call(hello({ headers: { authorization: 'light' } }))).toEqual(HELLO);
  expect(stub.requests.filter(({ headers }) => headers['authorization'] !== 'light')).toHaveLength(most);
  client.abort();
  const codes = await Promise.all(calls);
  expect(codes.filter((code) => code === 'SUBGRAPH_OVERLOADED')).toHaveLength(20 - 2 * most);
  expect(codes.filter((code) => code === 'CANCELLED')).toHaveLength(2 * most);
  // Everything that was counted has been given back.
  stub.fail(undefined);
  const all = Array.from({ length: 8 }, (_, n) =>
    upstreams.call(hello({ request: { query: `{ b${n}: hello }` } })),
  );
  expect(await Promise.all(all)).toHaveLength(8);
});

test('a call that gives up waiting leaves its place to others', async () => {
  const upstreams = connect({ SUBGRAPH_MAX_CALLS: '1', SUBGRAPH_MAX_WAITING: '1' });
  const answers = holdAnswers();
  const first = upstreams.call(hello());
  await stub.received(1);
  const client = new AbortController();
  const waiting = upstreams.call(hello({ request: { query: '{ a: hello }' }, signal: client.signal }));
  client.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
  const next = upstreams.call(hello({ request: { query: '{ b: hello }' } }));
  answers.release();
  expect(await first).toEqual(HELLO);
  expect(await next).toEqual({ data: { b: 'hello you' } });
});

test('a subgraph that is down is tried again for queries, once for mutations', async () => {
  const upstreams = connect({ SUBGRAPH_RETRIES: '8' });
  await stub.kill();
  await expect(upstreams.call(shout)).rejects.toMatchObject({ code: 'SUBGRAPH_UNREACHABLE' });
  const call = upstreams.call(hello());
  await stub.restart();
  expect(await call).toEqual(HELLO);
});

test('the deadline counts waiting, too', async () => {
  const upstreams = connect({ SUBGRAPH_TIMEOUT_MS: '100', SUBGRAPH_MAX_CALLS: '1' });
  stub.fail(faults.hang);
  const calls = [upstreams.call(hello()), upstreams.call(hello({ request: { query: '{ a: hello }' } }))];
  for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
    expect({ status, code: reason.code }).toEqual({ status: 'rejected', code: 'SUBGRAPH_TIMEOUT' });
  }
  expect(stub.requests).toHaveLength(1);
});

test('the breaker opens after repeated failures, spares the subgraph, and closes once it is well again', async () => {
  const upstreams = connect({ BREAKER_FAILURES: '3', BREAKER_COOL_DOWN_MS: '100' });
  stub.fail(faults.unavailable);
  for (let i = 0; i < 3; i += 1) {
    await expect(upstreams.call(hello())).rejects.toMatchObject({ code: 'SUBGRAPH_HTTP_ERROR', status: 503 });
  }
  await expect(upstreams.call(hello())).rejects.toMatchObject({ code: 'SUBGRAPH_CIRCUIT_OPEN' });
  expect(stub.requests).toHaveLength(3);
  stub.fail(undefined);
  await until(async () => {
    const [{ status }] = await Promise.allSettled([upstreams.call(hello())]);
    return status === 'fulfilled';
  }, 'the circuit to close');
  expect(
    await Promise.all(
      [1, 2, 3].map((n) => upstreams.call(hello({ request: { query: `{ a${n}: hello }` } }))),
    ),
  ).toHaveLength(3);
});

test('errors of one client’s request do not open the breaker', async () => {
  const upstreams = connect({ BREAKER_FAILURES: '2' });
  stub.fail(faults.graphqlError500);
  for (let i = 0; i < 5; i += 1) {
    const { data, errors } = await upstreams.call(hello());
    expect({ data, code: errors?.[0]?.extensions?.['code'] }).toEqual({
      data: null,
      code: 'SUBGRAPH_HTTP_ERROR',
    });
  }
  stub.fail(undefined);
  expect(await upstreams.call(hello())).toEqual(HELLO);
});

test('a client that hangs up during the trial call leaves the circuit open', async () => {
  const upstreams = connect({ BREAKER_FAILURES: '1', BREAKER_COOL_DOWN_MS: '50' });
  stub.fail(faults.unavailable);
  await expect(upstreams.call(hello())).rejects.toMatchObject({ code: 'SUBGRAPH_HTTP_ERROR' });
  stub.fail(faults.hang);
  const before = stub.requests.length;
  const client = new AbortController();
  await until(async () => {
    void upstreams.call(hello({ signal: client.signal })).catch(() => {});
    return stub.requests.length > before;
  }, 'the trial call');
  client.abort();
  await expect(upstreams.call(hello())).rejects.toMatchObject({ code: 'SUBGRAPH_CIRCUIT_OPEN' });
});

test('a swap keeps the wires to subgraphs that stay, and closes the others when their calls have ended', async () => {
  const upstreams = connect();
  const { registry } = open[0] ?? {};
  if (registry === undefined) throw new Error('no registry');
  const answers = holdAnswers();
  const call = upstreams.call(hello());
  await stub.received(1);
  const next = registry.open([{ name: 'greeter', url: stub.url }]);
  await upstreams[Symbol.asyncDispose]();
  answers.release();
  expect(await call).toEqual(HELLO);
  expect(await next.call(hello())).toEqual(HELLO);
  await next[Symbol.asyncDispose]();
  await expect(next.call(hello())).rejects.toMatchObject({ code: 'SUBGRAPH_UNREACHABLE' });
});

test('SUBGRAPH_URL_<NAME> wins over the supergraph’s address', async () => {
  const { upstream } = readConfig([], { SUPERGRAPH: 'none', SUBGRAPH_URL_MY_GREETER: stub.url });
  const registry = createUpstreamRegistry(upstream, pino({ level: 'silent' }));
  await using upstreams = registry.open([{ name: 'my-greeter', url: 'http://127.0.0.1:1/graphql' }]);
  expect(await upstreams.call(hello({ subgraph: 'my-greeter' }))).toEqual(HELLO);
});
