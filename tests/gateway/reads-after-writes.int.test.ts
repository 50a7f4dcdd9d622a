// Sharing calls and requests never gives a client an answer that is older than a mutation that has ended.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectAcknowledged } from '#tests/live/support/raw-client.ts';
import { type RawSubgraph, startRawSubgraph } from '#tests/support/subgraphs/raw-subgraph.ts';
import { composeStubs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { until } from '#tests/support/until.ts';
import { type RunningGateway, startGateway } from './support/start-gateway.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])';
const SHOP = `${LINK} type Query { hello: String item: Item } type Mutation { buy: Receipt set: String }
  type Receipt { item: Item }
  type Item @key(fields: "id") { id: ID! }`;
const STOCK = `${LINK} type Item @key(fields: "id") { id: ID! stock: Int }`;
/** The same over every transport: some clients of HTTP would add a language. */
const ANONYMOUS: Record<string, string> = { 'accept-language': 'en' };

let shop: RawSubgraph;
let stock: RawSubgraph;
let sharing: RunningGateway;
let sharingRequests: RunningGateway;
let impatient: RunningGateway;
/** What the subgraphs would answer now. */
let state: 'OLD' | 'NEW';
/** Answers to queries that have been read already, and are on their way. */
let held: (() => void)[];
let holding: boolean;
let mutationsHang: boolean;

beforeAll(async () => {
  [shop, stock] = await Promise.all([startRawSubgraph(), startRawSubgraph()]);
  const sdl = composeStubs([
    { name: 'shop', url: shop.url, typeDefs: SHOP },
    { name: 'stock', url: stock.url, typeDefs: STOCK },
  ]);
  const settings = { BATCHING: 'on' };
  sharing = await startGateway(sdl, settings);
  impatient = await startGateway(sdl, { SUBGRAPH_TIMEOUT_MS: '400' });
  sharingRequests = await startGateway(sdl, { ...settings, SHARE_REQUESTS: 'on' });
});

afterAll(async () => {
  await Promise.all([sharing, sharingRequests, impatient].map((gateway) => gateway[Symbol.asyncDispose]()));
  await Promise.all([shop, stock].map((subgraph) => subgraph[Symbol.asyncDispose]()));
});

beforeEach(() => {
  state = 'OLD';
  held = [];
  holding = false;
  mutationsHang = false;
  shop.answer(({ body }, response) => {
    if (body.includes('mutation')) {
      if (mutationsHang) return undefined;
      state = 'NEW';
      return body.includes('buy')
        ? '{"data":{"buy":{"__typename":"Receipt","item":{"__typename":"Item","id":"1"}}}}'
        : '{"data":{"set":"done"}}';
    }
    if (body.includes('item')) return '{"data":{"item":{"__typename":"Item","id":"1"}}}';
    return read(`{"data":{"hello":"${state}"}}`, response);
  });
  stock.answer((_call, response) =>
    read(`{"data":{"_entities":[{"stock":${state === 'OLD' ? 10 : 9}}]}}`, response),
  );
});

function read(
  answer: string,
  response: { setHeader(...header: [string, string]): unknown; end(text: string): unknown },
) {
  if (!holding) return answer;
  held.push(() => {
    response.setHeader('content-type', 'application/json');
    response.end(answer);
  });
  return undefined;
}

/** Sends a query whose answer stays on its way until `arrive` is called. */
async function queryOnItsWay(gateway: RunningGateway, query: string, headers = ANONYMOUS) {
  holding = true;
  const answer = gateway.ask(query, { headers });
  await until(() => held.length === 1, 'the subgraph to have read');
  holding = false;
  return {
    async arrive() {
      for (const send of held.splice(0)) send();
      return (await answer).data;
    },
  };
}

type Send = (gateway: RunningGateway, query: string, headers: Record<string, string>) => Promise<unknown>;
const post = (gateway: RunningGateway, body: unknown, headers: Record<string, string>) =>
  fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const transports: Readonly<Record<string, Send>> = {
  POST: async ({ ask }, query, headers) => (await ask(query, { headers })).data,
  async batch(gateway, query, headers) {
    const [{ data }] = (await (await post(gateway, [{ query }], headers)).json()) as [{ data: unknown }];
    return data;
  },
  async SSE(gateway, query, headers) {
    const response = await post(gateway, { query }, { accept: 'text/event-stream', ...headers });
    const [, json = '{}'] = /data: (\{.*\})/.exec(await response.text()) ?? [];
    return (JSON.parse(json) as { data: unknown }).data;
  },
  async WebSocket(gateway, query, headers) {
    await using client = await connectAcknowledged(gateway.url.replace('http', 'ws'), headers);
    client.send({ id: '1', type: 'subscribe', payload: { query } });
    return (await client.next()).payload?.data;
  },
  async GET(gateway, query, headers) {
    const response = await fetch(`${gateway.url}?${new URLSearchParams({ query })}`, {
      headers: { 'apollo-require-preflight': '1', ...headers },
    });
    return ((await response.json()) as { data: unknown }).data;
  },
};
const { GET: _noMutations, ...mutating } = transports;
const pairs = Object.keys(mutating).flatMap((write) =>
  Object.keys(transports).map((read_) => [write, read_]),
);

describe.each([
  ['calls', () => sharing],
  ['requests', () => sharingRequests],
])('sharing %s', (_what, gatewayOf) => {
  test.each(pairs)('a query that begins after a mutation by %s ended sees it by %s', async (write, read_) => {
    const gateway = gatewayOf();
    const earlier = await queryOnItsWay(gateway, '{ hello }');
    expect(await transports[write ?? '']?.(gateway, 'mutation { set }', ANONYMOUS)).toEqual({ set: 'done' });
    expect(await transports[read_ ?? '']?.(gateway, '{ hello }', ANONYMOUS)).toEqual({ hello: 'NEW' });
    expect(await earlier.arrive()).toEqual({ hello: 'OLD' });
  });

  test('whoever the mutation came from, and whoever asks', async () => {
    const gateway = gatewayOf();
    const ann = { ...ANONYMOUS, authorization: 'Bearer ann' };
    const bob = { ...ANONYMOUS, authorization: 'Bearer bob' };
    const earlier = await queryOnItsWay(gateway, '{ hello }', bob);
    expect(await transports['POST']?.(gateway, 'mutation { set }', ann)).toEqual({ set: 'done' });
    expect(await transports['POST']?.(gateway, '{ hello }', bob)).toEqual({ hello: 'NEW' });
    await earlier.arrive();
  });

  test('queries without a mutation between them still travel once', async () => {
    const gateway = gatewayOf();
    const before = shop.calls.length;
    const earlier = await queryOnItsWay(gateway, '{ hello }');
    const later = Array.from({ length: 5 }, () => gateway.ask('{ hello }', { headers: ANONYMOUS }));
    await until(async () => (await gateway.inFlight()) === 6, 'all to be under way');
    await earlier.arrive();
    expect((await Promise.all(later)).map(({ data }) => data)).toEqual(Array(5).fill({ hello: 'OLD' }));
    expect(shop.calls.length - before).toBe(1);
  });
});

test.each([
  ['calls', () => sharing],
  ['requests', () => sharingRequests],
])(
  'sharing %s: the client that was first may leave, and the others are answered',
  async (_what, gatewayOf) => {
    const gateway = gatewayOf();
    const first = new AbortController();
    const before = shop.calls.length;
    holding = true;
    const left = gateway.ask('{ hello }', { headers: ANONYMOUS, signal: first.signal }).catch(() => 'left');
    await until(() => held.length === 1, 'the subgraph to have read');
    const others = [1, 2].map(() => gateway.ask('{ hello }', { headers: ANONYMOUS }));
    await until(async () => (await gateway.inFlight()) === 3, 'all to be under way');
    first.abort();
    expect(await left).toBe('left');
    await until(async () => (await gateway.inFlight()) === 2, 'the first to be gone');
    for (const send of held.splice(0)) send();
    expect((await Promise.all(others)).map(({ data }) => data)).toEqual([{ hello: 'OLD' }, { hello: 'OLD' }]);
    expect(shop.calls.length - before).toBe(1);
  },
);

test('what a mutation’s own answer needs is read after it', async () => {
  const earlier = await queryOnItsWay(sharing, '{ item { stock } }');
  expect((await sharing.ask('mutation { buy { item { stock } } }', { headers: ANONYMOUS })).data).toEqual({
    buy: { item: { stock: 9 } },
  });
  expect(await earlier.arrive()).toEqual({ item: { stock: 10 } });
});

test('a mutation without an answer counts as one that may happen yet', async () => {
  mutationsHang = true;
  const { errors } = await impatient.ask('mutation { set }');
  expect(errors?.[0]?.extensions?.['code']).toBe('SUBGRAPH_TIMEOUT');
  const earlier = await queryOnItsWay(impatient, '{ hello }');
  // It does happen now, and the client has seen so in some other way.
  state = 'NEW';
  await sleep(30);
  expect((await impatient.ask('{ hello }', { headers: ANONYMOUS })).data).toEqual({ hello: 'NEW' });
  await earlier.arrive();
});
