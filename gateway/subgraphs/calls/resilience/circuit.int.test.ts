// What opens the circuit to a subgraph, and for whom.
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '#gateway/settings.ts';
import {
  type Fault,
  faults,
  startStubSubgraph,
  type StubSubgraph,
} from '#tests/support/subgraphs/stub-subgraphs.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import type { SubgraphCall, Upstreams } from '#gateway/subgraphs/calls/calls.ts';
import { createUpstreamRegistry } from '#gateway/subgraphs/calls/create-calls.ts';

const FAILURES = 3;
/** For subgraphs that hang; others have all the time that a busy machine may need. */
const IMPATIENT = { SUBGRAPH_TIMEOUT_MS: '500' };
const COOL_DOWN_MS = 60_000;
const TYPES = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type Query { hello: String }`;

let stub: StubSubgraph;
let opened: Upstreams[] = [];

beforeEach(async () => {
  stub = await startStubSubgraph({
    name: 'greeter',
    typeDefs: TYPES,
    resolvers: { Query: { hello: () => 'hello' } },
  });
});

afterEach(async () => {
  await stub.kill();
  await Promise.all(opened.map((upstreams) => upstreams[Symbol.asyncDispose]()));
  opened = [];
});

function connect(settings: Record<string, string> = {}): Upstreams {
  const { upstream } = readConfig([], {
    SUPERGRAPH: 'none',
    SUBGRAPH_RETRIES: '0',
    BREAKER_FAILURES: String(FAILURES),
    BREAKER_COOL_DOWN_MS: String(COOL_DOWN_MS),
    ...settings,
  });
  const upstreams = createUpstreamRegistry(upstream, pino({ level: 'silent' })).open([
    { name: 'greeter', url: stub.url },
  ]);
  opened.push(upstreams);
  return upstreams;
}

/** `alias` makes an operation of its own. */
function ask(upstreams: Upstreams, who: string, alias: string, more: Partial<SubgraphCall> = {}) {
  return upstreams.call({
    subgraph: 'greeter',
    request: { query: `{ ${alias}: hello }` },
    operation: 'query',
    headers: { authorization: who },
    // Each is a call of its own, as it would be with variables of its own.
    fresh: true,
    ...more,
  });
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'answered',
    (error: { code: unknown }) => error.code,
  );
}

/** The fault for answers to operations with that alias, the others are well. */
const failOn =
  (alias: string, fault: Fault): Fault =>
  (response, answer, request) =>
    (answer.includes(`"${alias}"`) ? fault : faults.none)(response, answer, request);

const many = <T>(call: () => Promise<T>, count = 2 * FAILURES) =>
  Promise.all(Array.from({ length: count }, call));

test('one client that asks too much, while others are answered, is refused nothing and costs nobody anything', async () => {
  const upstreams = connect(IMPATIENT);
  stub.fail(failOn('heavy', faults.hang));
  const heavy = many(() => codeOf(ask(upstreams, 'stranger', 'heavy')));
  expect(await codeOf(ask(upstreams, 'ann', 'light'))).toBe('answered');
  expect(new Set(await heavy)).toEqual(new Set(['SUBGRAPH_TIMEOUT']));
  expect(await codeOf(ask(upstreams, 'ann', 'light'))).toBe('answered');
  const before = stub.requests.length;
  const again = ask(upstreams, 'stranger', 'heavy');
  await stub.received(before + 1);
  expect(await codeOf(again)).toBe('SUBGRAPH_TIMEOUT');
});

test('what one client asks once too often in silence is refused to that client alone', async () => {
  const upstreams = connect(IMPATIENT);
  stub.fail(failOn('heavy', faults.hang));
  await many(() => codeOf(ask(upstreams, 'stranger', 'heavy')));
  expect(await codeOf(ask(upstreams, 'stranger', 'heavy'))).toBe('SUBGRAPH_CIRCUIT_OPEN');
  expect(await codeOf(ask(upstreams, 'stranger', 'light'))).toBe('answered');
  expect(await codeOf(ask(upstreams, 'ann', 'light'))).toBe('answered');
});

test('an operation that fails whoever asks it is refused to all, and no other is', async () => {
  const upstreams = connect();
  stub.fail(failOn('broken', faults.garbage));
  for (const who of ['ann', 'bob', 'cid', 'dan'])
    expect(await codeOf(ask(upstreams, who, 'broken'))).toBe(
      who === 'dan' ? 'SUBGRAPH_CIRCUIT_OPEN' : 'SUBGRAPH_BAD_RESPONSE',
    );
  expect(await codeOf(ask(upstreams, 'ann', 'light'))).toBe('answered');
});

test('a client all of whose operations fail is refused, and nobody else is', async () => {
  const upstreams = connect(IMPATIENT);
  stub.fail((response, answer, request) =>
    (request.headers.authorization === 'cursed' ? faults.hang : faults.none)(response, answer, request),
  );
  for (const alias of ['a', 'b', 'c']) await rejectionOf(ask(upstreams, 'cursed', alias));
  expect(await codeOf(ask(upstreams, 'cursed', 'd'))).toBe('SUBGRAPH_CIRCUIT_OPEN');
  expect(await codeOf(ask(upstreams, 'ann', 'a'))).toBe('answered');
});

test('a subgraph that hangs for everyone is spared by everyone', async () => {
  const upstreams = connect(IMPATIENT);
  stub.fail(faults.hang);
  const calls = ['ann', 'bob', 'cid', 'dan'].map((who, n) => codeOf(ask(upstreams, who, `a${n}`)));
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['SUBGRAPH_TIMEOUT']));
  const before = stub.requests.length;
  expect(await codeOf(ask(upstreams, 'eve', 'b'))).toBe('SUBGRAPH_CIRCUIT_OPEN');
  expect(stub.requests).toHaveLength(before);
});

test('a circuit that is open for one opens for all when the others fail, too', async () => {
  const upstreams = connect(IMPATIENT);
  stub.fail(failOn('heavy', faults.hang));
  await many(() => codeOf(ask(upstreams, 'stranger', 'heavy')));
  stub.fail(faults.hang);
  await Promise.all(
    Array.from({ length: 2 * FAILURES }, (_, n) => codeOf(ask(upstreams, `user ${n}`, `a${n}`))),
  );
  expect(await codeOf(ask(upstreams, 'eve', 'b'))).toBe('SUBGRAPH_CIRCUIT_OPEN');
});

test.each<[string, (upstreams: Upstreams) => Promise<unknown>]>([
  ['cannot be connected to', async () => stub.kill()],
  ['says that it is unavailable', async () => stub.fail(faults.unavailable)],
])('a subgraph that %s is spared by everyone, whoever found out', async (_what, fail) => {
  const upstreams = connect();
  await fail(upstreams);
  await many(() => codeOf(ask(upstreams, 'ann', 'a')));
  expect(await codeOf(ask(upstreams, 'bob', 'b'))).toBe('SUBGRAPH_CIRCUIT_OPEN');
});

/** Less than it takes to drip a whole answer. */
const IMPATIENT_DRIP = { SUBGRAPH_TIMEOUT_MS: '150' };
const JSON_TYPE = { 'content-type': 'application/json' };
test.each<[string, Fault | undefined, Partial<SubgraphCall>, string, Record<string, string>?]>([
  ['an answer that is too large', faults.oversize, {}, 'SUBGRAPH_TOO_LARGE'],
  [
    'a coding that is not known',
    (response) => response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'rot13' }).end('{}'),
    {},
    'SUBGRAPH_UNSUPPORTED_ENCODING',
  ],
  ['a 4xx', (response) => response.writeHead(429, JSON_TYPE).end('{}'), {}, 'SUBGRAPH_HTTP_ERROR'],
  [
    'a redirect',
    (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    {},
    'SUBGRAPH_HTTP_ERROR',
  ],
  ['a header that cannot be sent', undefined, { headers: { authorization: 'a\nb' } }, 'SUBGRAPH_UNREACHABLE'],
  ['an answer that drips', faults.slowDrip, {}, 'SUBGRAPH_TIMEOUT', IMPATIENT_DRIP],
])('%s says nothing against the subgraph', async (_what, fault, call, code, settings = {}) => {
  const upstreams = connect({ ...settings, SUBGRAPH_MAX_RESPONSE_BYTES: '100000', SUBGRAPH_MAX_CALLS: '2' });
  stub.fail(fault);
  for (let i = 0; i < 2 * FAILURES; i += 1) expect(await codeOf(ask(upstreams, 'ann', 'a', call))).toBe(code);
  stub.fail(undefined);
  expect(await codeOf(ask(upstreams, 'ann', 'a'))).not.toBe('SUBGRAPH_CIRCUIT_OPEN');
});

test('a call that its client gives up says nothing against the subgraph', async () => {
  const upstreams = connect();
  stub.fail(faults.hang);
  const client = new AbortController();
  const calls = many(() => codeOf(ask(upstreams, 'ann', 'a', { signal: client.signal })));
  await stub.received(2 * FAILURES);
  client.abort();
  expect(new Set(await calls)).toEqual(new Set(['CANCELLED']));
  stub.fail(undefined);
  expect(await codeOf(ask(upstreams, 'ann', 'a'))).toBe('answered');
});

test('calls whose turn never came say nothing against the subgraph', async () => {
  const upstreams = connect({ ...IMPATIENT, SUBGRAPH_MAX_CALLS: '1' });
  stub.fail(faults.hang);
  await many(() => codeOf(ask(upstreams, 'ann', 'a')));
  // A turn that is given up may go to another for the last moment of its time.
  expect(stub.requests.length).toBeLessThan(2 * FAILURES);
  stub.fail(undefined);
  expect(await codeOf(ask(upstreams, 'ann', 'a'))).toBe('answered');
});

test('a trial that is answered, be it with a refusal, closes the circuit', async () => {
  const upstreams = connect({ BREAKER_COOL_DOWN_MS: '1' });
  stub.fail(faults.unavailable);
  await many(() => codeOf(ask(upstreams, 'ann', 'a')));
  stub.fail((response) => response.writeHead(404, JSON_TYPE).end('{}'));
  const codes = new Set<unknown>();
  while (!codes.has('SUBGRAPH_HTTP_ERROR')) codes.add(await codeOf(ask(upstreams, 'bob', 'b')));
  expect(new Set(await many(() => codeOf(ask(upstreams, 'cid', 'c'))))).toEqual(
    new Set(['SUBGRAPH_HTTP_ERROR']),
  );
});
