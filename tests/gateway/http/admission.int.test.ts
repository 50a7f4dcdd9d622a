import { type Client, createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { faults, startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { until } from '#tests/support/until.ts';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { connectTo, rawPost } from './raw-http.ts';
import { ask, type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';

const MOST = 5;
const QUERY = '{ warehouse }';
const SETTINGS = { MAX_IN_FLIGHT: String(MOST), SHARE_SUBGRAPH_CALLS: 'off', BATCHING: 'on', METRICS: 'on' };

let stubs: StubSubgraphs;
let running: RunningGateway;
let client: Client;
const held: (() => void)[] = [];

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  running = await startGateway(stubs.supergraphSdl, SETTINGS);
  client = createClient({
    url: running.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
  });
});

afterAll(async () => {
  await client.dispose();
  await running[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

afterEach(() => stubs.get('stock').fail(undefined));

function hold(): void {
  stubs.get('stock').fail((...given) => held.push(() => faults.none(...given)));
}

function release(): void {
  stubs.get('stock').fail(undefined);
  for (const answer of held.splice(0)) answer();
}

interface Outcome {
  readonly status?: number;
  readonly text: string;
}

async function byPost(): Promise<Outcome> {
  const { status, data, errors } = await ask(running.url, QUERY);
  return { status, text: JSON.stringify({ data, errors }) };
}

async function overEvents(): Promise<Outcome> {
  const response = await fetch(running.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: QUERY }),
  });
  return { status: response.status, text: await response.text() };
}

function overSocket(): Promise<Outcome> {
  return new Promise((resolve) => {
    let text = '';
    client.subscribe(
      { query: QUERY },
      {
        next: (answer) => (text += JSON.stringify(answer)),
        error: (error) => resolve({ text: JSON.stringify(error) }),
        complete: () => resolve({ text }),
      },
    );
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', running.url))).text();
  return Number(new RegExp(`^ordergraph_gateway_${name} (.*)$`, 'm').exec(text)?.[1]);
}

test.each([
  ['POST', byPost],
  ['server-sent events', overEvents],
  ['a WebSocket', overSocket],
])('of 60 operations over %s as many run as may be; the others are told at once', async (_how, send) => {
  const stock = stubs.get('stock');
  const before = stock.requests.length;
  hold();
  const outcomes: Outcome[] = [];
  const asked = Array.from({ length: 60 }, () => send().then((outcome) => outcomes.push(outcome)));
  await until(() => outcomes.length === 60 - MOST, 'refusals');
  await stock.received(before + MOST);
  expect(await running.inFlight()).toBe(MOST);
  expect(await metric('requests_in_flight')).toBe(MOST);
  for (const { status = 503, text } of outcomes) {
    expect(status).toBe(503);
    expect(text).toContain('OVERLOADED');
  }
  release();
  await Promise.all(asked);
  expect(outcomes.filter(({ text }) => text.includes('north'))).toHaveLength(MOST);
  expect(stock.requests.length - before).toBe(MOST);
  await until(async () => (await running.inFlight()) === 0, 'nothing to be in flight');
});

test('each operation of a batch counts', async () => {
  hold();
  const stock = stubs.get('stock');
  const before = stock.requests.length;
  const batch = fetch(running.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(Array(MOST + 3).fill({ query: QUERY })),
  });
  await stock.received(before + MOST);
  expect(await running.inFlight()).toBe(MOST);
  const refused = await byPost();
  expect(refused).toMatchObject({ status: 503 });
  release();
  const answers = (await (await batch).json()) as { errors?: { extensions: { code: string } }[] }[];
  expect(answers.map(({ errors }) => errors?.[0]?.extensions.code)).toEqual([
    ...Array<undefined>(MOST).fill(undefined),
    ...Array<string>(3).fill('OVERLOADED'),
  ]);
});

test('what came by one transport leaves no room for another, and the connection goes on', async () => {
  hold();
  const overHttp = Array.from({ length: MOST }, byPost);
  await until(async () => (await running.inFlight()) === MOST, 'all to be in flight');
  expect((await overSocket()).text).toContain('OVERLOADED');
  release();
  for (const { status } of await Promise.all(overHttp)) expect(status).toBe(200);
  await until(async () => (await running.inFlight()) === 0, 'nothing to be in flight');
  expect((await overSocket()).text).toContain('north');
});

test('an operation whose client leaves no longer counts', async () => {
  hold();
  const leaving = new AbortController();
  const asked = ask(running.url, QUERY, { signal: leaving.signal }).catch(() => undefined);
  const stop = client.subscribe({ query: QUERY }, { next() {}, error() {}, complete() {} });
  await until(async () => (await running.inFlight()) === 2, 'two in flight');
  stop();
  leaving.abort();
  await asked;
  await expect.poll(() => running.inFlight()).toBe(0);
  release();
});

test('a drain waits for operations over sockets, and takes no more', async () => {
  const draining = await startGateway(stubs.supergraphSdl, SETTINGS);
  const own = createClient({
    url: draining.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  hold();
  const stock = stubs.get('stock');
  const before = stock.requests.length;
  const first = own.iterate({ query: QUERY }).next();
  await stock.received(before + 1);
  let drained = false;
  const drain = draining.gateway.drain().then(() => (drained = true));
  for (const [path, status] of [
    ['/health', 503],
    ['/health/ready', 503],
    ['/health/ready?probe=1', 503],
    ['/health/live', 200],
    ['/graphql', 503],
  ] as const) {
    expect((await fetch(new URL(path, draining.url))).status).toBe(status);
  }
  expect(drained).toBe(false);
  release();
  expect((await first).value).toEqual({ data: { warehouse: 'north' } });
  await drain;
  await own.dispose();
  await draining[Symbol.asyncDispose]();
});

test('a client that takes nothing of its answers is let go, and they no longer count', async () => {
  await using brief = await startGateway(stubs.supergraphSdl, { REQUEST_TIMEOUT_MS: '200' });
  const { admission } = brief.gateway.engine;
  using connection = await connectTo(brief.url);
  connection.socket.pause();
  const query = '{ __schema { types { name description kind } directives { name description } } }';
  connection.write(rawPost(query).repeat(20_000));
  await until(() => admission.size > 0, 'answers that nobody takes');
  await expect.poll(() => admission.size, { timeout: 10_000 }).toBe(0);
});

test('a batch of texts that take long to refuse lets others come between them', async () => {
  const times = (write: (i: number) => string) => Array.from({ length: 900 }, (_, i) => write(i)).join(' ');
  const batch = Array.from({ length: MOST }, (_, n) => ({
    query: `query Q${n} { ${times((i) => `...F${i}`)} } ${times((i) => `fragment F${i} on Query { warehouse }`)}`,
  }));
  /** How much of the time that the batch takes nobody else gets a turn, at worst. */
  const longestShare = async () => {
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const began = last;
    const response = await fetch(running.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    });
    const answers = (await response.json()) as { errors: { extensions: { code: string } }[] }[];
    clearInterval(ticking);
    expect(answers.map(({ errors }) => errors[0]?.extensions.code)).toEqual(
      batch.map(() => 'OPERATION_TOO_COMPLEX'),
    );
    return longest / (performance.now() - began);
  };
  // On a busy machine the process itself may be without a turn for as long: not each time.
  let best = 1;
  for (let tries = 0; tries < 8 && best >= 0.6; tries += 1) best = Math.min(best, await longestShare());
  expect(best).toBeLessThan(0.6);
});
