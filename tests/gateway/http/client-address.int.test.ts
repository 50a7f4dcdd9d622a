import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { faults, startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';

const MUTATION = 'mutation { sell(isbn: "1") }';
const CLAIM = { 'x-forwarded-for': '203.0.113.9', 'x-client-address': '198.51.100.1' };

let stubs: StubSubgraphs;
/** Behind a proxy, which is this test, and without one. */
let behindProxy: RunningGateway;
let open: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  behindProxy = await startGateway(stubs.supergraphSdl, { TRUSTED_PROXIES: '127.0.0.0/8' });
  open = await startGateway(stubs.supergraphSdl);
});

afterAll(async () => {
  await behindProxy[Symbol.asyncDispose]();
  await open[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

function addressTold(): unknown {
  return stubs.get('stock').requests.at(-1)?.headers['x-client-address'];
}

async function overWebSocket(url: string): Promise<void> {
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: class extends WebSocket {
      constructor(address: string, protocol: string) {
        super(address, protocol, { headers: CLAIM });
      }
    },
    connectionParams: { ...CLAIM, headers: CLAIM },
  });
  for await (const answer of client.iterate({ query: MUTATION })) expect(answer.errors).toBeUndefined();
  await client.dispose();
}

async function overEventStream(url: string): Promise<void> {
  const headers = { ...CLAIM, 'content-type': 'application/json', accept: 'text/event-stream' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: MUTATION }) });
  expect(await response.text()).toContain('event: complete');
}

async function byPost(url: string): Promise<void> {
  const headers = { ...CLAIM, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: MUTATION }) });
  expect(response.status).toBe(200);
}

test.each([
  ['a POST', byPost],
  ['server-sent events', overEventStream],
  ['a WebSocket', overWebSocket],
])(
  'over %s a subgraph learns where the client is, and believes nobody but a trusted proxy',
  async (_how, send) => {
    await send(open.url);
    expect(addressTold()).toBe('127.0.0.1');
    await send(behindProxy.url);
    expect(addressTold()).toBe('203.0.113.9');
  },
);

test('the same query from two addresses travels once', async () => {
  const stock = stubs.get('stock');
  const before = stock.requests.length;
  const held: (() => void)[] = [];
  stock.fail((...given) => held.push(() => faults.none(...given)));
  const asked = ['203.0.113.1', '203.0.113.2'].map((address) =>
    behindProxy.ask('{ warehouse }', { headers: { 'x-forwarded-for': address } }),
  );
  await stock.received(before + 1);
  await expect.poll(() => behindProxy.inFlight()).toBe(2);
  stock.fail(undefined);
  for (const answer of held) answer();
  for (const { data } of await Promise.all(asked)) expect(data).toEqual({ warehouse: 'north' });
  expect(stock.requests.length - before).toBe(1);
});
