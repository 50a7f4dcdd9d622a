import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { until } from '#tests/support/until.ts';
import { ENDLESS, ENDLESS_QUERY } from './support/endless.ts';
import { type GatewayProcess, startGatewayProcess } from './support/gateway-process.ts';
import { ask, writeSupergraph } from './support/start-gateway.ts';

/** A gateway as a process, over a supergraph that the planner loses itself in. */
let gateway: GatewayProcess;
let supergraphFile: string;
let readyAfterMs: number;

beforeAll(async () => {
  supergraphFile = await writeSupergraph(ENDLESS);
  const started = performance.now();
  gateway = await startGatewayProcess(supergraphFile, {
    NODE_ENV: 'production',
    LOG_LEVEL: 'warn',
    PLANNING_TIMEOUT_MS: '600',
    // Time decides here, however fast memory goes.
    PLANNING_MEMORY_MB: '4000',
    BATCHING: 'on',
    METRICS: 'on',
    TRUSTED_PROXIES: '127.0.0.1',
  });
  readyAfterMs = performance.now() - started;
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(supergraphFile);
});

interface Refusal {
  readonly status?: number;
  readonly code: unknown;
}

const codeOf = (errors: readonly { extensions?: Record<string, unknown> }[] | undefined) =>
  errors?.[0]?.extensions?.['code'];

/** As a proxy that is trusted says where a client is. */
const cameFrom = (address: string | undefined): Record<string, string> =>
  address === undefined ? {} : { 'x-forwarded-for': address };

/** Sends one request over each transport; what refuses it. */
const TRANSPORTS: Readonly<Record<string, (query: string, address?: string) => Promise<Refusal>>> = {
  async POST(query, address) {
    const { status, errors } = await ask(gateway.url, query, { headers: cameFrom(address) });
    return { status, code: codeOf(errors) };
  },
  async GET(query, address) {
    const url = new URL(gateway.url);
    url.searchParams.set('query', query);
    const response = await fetch(url, {
      headers: { 'apollo-require-preflight': '1', ...cameFrom(address) },
    });
    const { errors } = (await response.json()) as { errors: [] };
    return { status: response.status, code: codeOf(errors) };
  },
  async 'server-sent events'(query, address) {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...cameFrom(address),
      },
      body: JSON.stringify({ query }),
    });
    const text = await response.text();
    return { code: /"code":"(\w+)"/.exec(text)?.[1] };
  },
  async WebSocket(query, address) {
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', {
      headers: cameFrom(address),
    });
    const messages: { type: string; id?: string; payload?: [] }[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString('utf8'))));
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
    // The same socket goes on for others.
    while (!messages.some(({ id }) => id === '1')) await once(socket, 'message');
    socket.send('{"type":"ping"}');
    while (!messages.some(({ type }) => type === 'pong')) await once(socket, 'message');
    socket.close();
    return { code: codeOf(messages.find(({ id }) => id === '1')?.payload) };
  },
};

test('practice before listening does not walk into an operation without an end', () => {
  // It takes 33 s to give up by itself, and seconds on a busy machine to start at all.
  expect(readyAfterMs).toBeLessThan(15_000);
});

describe.each(Object.entries(TRANSPORTS))('over %s', (transport, send) => {
  test('an operation that cannot be planned in time is refused, and everybody else is served meanwhile', async () => {
    let refused = false;
    // Another one for each transport: the same would be remembered.
    const query = ENDLESS_QUERY.replace('data', `data ${'__typename '.repeat(transport.length)}`);
    const slow = send(query).then((refusal) => {
      refused = true;
      return refusal;
    });
    let served = 0;
    let longestMs = 0;
    while (!refused) {
      const asked = performance.now();
      expect((await ask(gateway.url, `{ t${transport.length}_${served}: __typename }`)).data).toBeDefined();
      longestMs = Math.max(longestMs, performance.now() - asked);
      served += 1;
    }
    expect(await slow).toMatchObject({ code: 'PLANNING_TIMED_OUT' });
    expect(served).toBeGreaterThan(0);
    // As long as a thread takes to start, which on a busy machine may be long by itself.
    expect(longestMs).toBeLessThan(Math.max(5_000, 2 * readyAfterMs));
  });

  test.each([
    ['5,000 braces', '{'.repeat(5_000), 'GRAPHQL_PARSE_FAILED'],
    [
      '60 aliases',
      `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: start { id }`).join(' ')} }`,
      'MAX_ROOT_FIELDS_LIMIT',
    ],
    [
      'six aliases of a mutation',
      `mutation { ${Array.from({ length: 6 }, (_, i) => `a${i}: start { id }`).join(' ')} }`,
      'MAX_MUTATION_FIELDS_LIMIT',
    ],
    ['nothing at all', '#', 'GRAPHQL_PARSE_FAILED'],
  ])('%s are the client’s fault', async (_what, query, code) => {
    const { status = 400, code: told } = await send(query);
    expect({ status, code: told }).toEqual({ status: 400, code });
  });
});

test.each([
  ['variables nested 100,000 deep', `{"b":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, '{}'],
  ['with a long number in them', `{"b":${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}}`, '{}'],
  ['objects nested 50,000 deep', `{"b":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`, '{}'],
  ['extensions nested 100,000 deep', '{}', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['with a long number in them', '{}', `{"a":${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}}`],
])('%s are the client’s fault', async (_what, variables, extensions) => {
  const query = JSON.stringify('query ($b: Boolean!) { __typename @include(if: $b) }');
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query":${query},"variables":${variables},"extensions":${extensions}}`,
  });
  const { errors } = (await response.json()) as { errors: [] };
  expect(response.status).toBe(400);
  expect(codeOf(errors)).not.toBe('INTERNAL_SERVER_ERROR');
});

test('what took too much time is logged once, by its name and a hash, without its text', async () => {
  const query = ENDLESS_QUERY.replace('data', 'id data id');
  const send = () => ask(gateway.url, `query Slow${'w'.repeat(1_000)} ${query}`);
  const logged = () => gateway.output().match(/\{.*"operation":"Slow.*\}/g) ?? [];
  expect(codeOf((await send()).errors)).toBe('PLANNING_TIMED_OUT');
  expect(codeOf((await send()).errors)).toBe('PLANNING_TIMED_OUT');
  await until(() => logged().length > 0, 'the log');
  expect(logged()).toHaveLength(1);
  const { hash, operation, ...line } = JSON.parse(logged()[0] ?? '') as Record<string, unknown>;
  expect(line).toMatchObject({
    level: 40,
    msg: 'an operation could not be planned',
    code: 'PLANNING_TIMED_OUT',
  });
  expect([String(operation).length, String(hash).length]).toEqual([100, 44]);
  expect(logged()[0]).not.toContain('start');
});

test('a flood of what cannot be planned, from one address over all transports, keeps no other from new operations', async () => {
  const events: string[] = [];
  const batch = async (query: string, address: string): Promise<Refusal> => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...cameFrom(address) },
      body: JSON.stringify([{ query }]),
    });
    const [answer] = (await response.json()) as { errors?: [] }[];
    return { status: response.status, code: codeOf(answer?.errors) };
  };
  const sends = [...Object.values(TRANSPORTS), batch];
  for (let shape = 0; shape < 30; shape += 1) {
    const query = ENDLESS_QUERY.replace('data', `data ${'id '.repeat(shape + 1)}`);
    const send = sends[shape % sends.length];
    void send?.(query, '203.0.113.66').then(
      () => events.push('refused'),
      // It ends with the gateway.
      () => {},
    );
  }
  const metrics = async () => (await fetch(`${gateway.origin}/metrics`)).text();
  await until(
    async () => /planning_waiting (?:1|2)\d/.test(await metrics()),
    'the flood to have got to the planner',
  );
  for (const [i, send] of sends.entries()) {
    expect(await send(`{ flooded${i}: __typename }`, `203.0.113.${i}`)).not.toMatchObject({
      code: expect.anything(),
    });
    events.push('served');
  }
  // Of the thirty, which take more than half a second each.
  expect(events.filter((event) => event === 'refused').length).toBeLessThan(12);
  expect(await metrics()).toMatch(/planning_refused_total\{code="PLANNING_TIMED_OUT"\} [1-9]/);
});
