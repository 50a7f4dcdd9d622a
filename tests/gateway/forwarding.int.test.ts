// What of a client's headers reaches a subgraph, over the wire from end to end.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectAcknowledged, connectRaw } from '#tests/live/support/raw-client.ts';
import { type RawSubgraph, startRawSubgraph } from '#tests/support/subgraphs/raw-subgraph.ts';
import { composeStubs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { type RunningGateway, startGateway } from './support/start-gateway.ts';

let subgraph: RawSubgraph;
let running: RunningGateway;

beforeAll(async () => {
  subgraph = await startRawSubgraph();
  running = await startGateway(
    composeStubs([{ name: 'a', url: subgraph.url, typeDefs: 'type Query { hello: String }' }]),
    { FORWARD_HEADERS: 'authorization,x-request-id,accept-language,cookie' },
  );
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await subgraph[Symbol.asyncDispose]();
});

beforeEach(() => subgraph.answer(() => '{"data":{"hello":"hi"}}'));

const BODY = '{"query":"{ hello }"}';

/** One POST, its headers byte for byte; gives back the whole response. */
async function post(headers: readonly string[]): Promise<string> {
  const { port } = new URL(running.url);
  const socket = connect(Number(port), '127.0.0.1');
  const own = ['host: gateway', 'content-type: application/json', `content-length: ${BODY.length}`];
  const all = [...own, ...headers];
  if (!headers.some((header) => /^connection:/i.test(header))) all.push('connection: close');
  socket.write(Buffer.from(`POST /graphql HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${BODY}`, 'latin1'));
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  await once(socket, 'close');
  return text;
}

const forwarded = () => subgraph.calls.at(-1)?.headers ?? {};

test('what Connection lists is between the client and the gateway', async () => {
  expect(await post(['authorization: a', 'cookie: c', 'connection: close, Authorization ,COOKIE'])).toContain(
    '"hello":"hi"',
  );
  expect(forwarded()).not.toHaveProperty('authorization');
  expect(forwarded()).not.toHaveProperty('cookie');
  await post(['authorization: a']);
  expect(forwarded()).toMatchObject({ authorization: 'a' });
});

test.each(['a b', 'x'.repeat(300), 'é', '<script>', 'one, two'])(
  'the request id %j is replaced, and the client is told the one that subgraphs get',
  async (unfit) => {
    const response = await post([`x-request-id: ${unfit}`]);
    const [, told] = /^x-request-id: (.*)\r$/im.exec(response) ?? [];
    expect(told).toMatch(/^[0-9a-f-]{36}$/);
    expect(forwarded()['x-request-id']).toBe(told);
  },
);

test('a subgraph hears from the gateway alone where its client is and that it is the gateway', async () => {
  await post(['x-client-address: 6.6.6.6', 'x-gateway-secret: mine', 'host: elsewhere']);
  expect(forwarded()['x-client-address']).not.toBe('6.6.6.6');
  expect(forwarded()).not.toHaveProperty('x-gateway-secret');
});

test('headers that a subgraph can read pass, however long; longer ones are refused to their client', async () => {
  const long = `Bearer ${'a'.repeat(15_000)}`;
  expect(await post([`authorization: ${long}`])).toContain('"hello":"hi"');
  expect(forwarded().authorization).toBe(long);
  const before = subgraph.calls.length;
  const refusal = await post([`authorization: ${long}${'a'.repeat(600)}`]);
  expect(refusal).toContain('HTTP/1.1 431 ');
  expect(refusal).toContain('authorization');
  expect(subgraph.calls).toHaveLength(before);
});

test('bytes of Latin 1 pass as they are, in HTTP and in connection_init', async () => {
  await post(['authorization: Bearer \xe9\xff']);
  expect(forwarded().authorization).toBe('Bearer \xe9\xff');
  await using client = await connectAcknowledged(running.url.replace('http', 'ws'), {
    authorization: 'Bearer \xe9\xff',
  });
  client.send({ id: '1', type: 'subscribe', payload: { query: '{ hello }' } });
  expect((await client.next()).payload?.data).toEqual({ hello: 'hi' });
  expect(forwarded().authorization).toBe('Bearer \xe9\xff');
});

test('a client whose header cannot be sent is told which, and no other client notices', async () => {
  for (let i = 0; i < 200; i += 1) {
    await using client = await connectRaw(running.url.replace('http', 'ws'));
    client.send({ type: 'connection_init', payload: { authorization: 'a\nb' } });
    const { code, reason } = await client.closed;
    expect(code).toBe(4400);
    expect(reason).toContain('authorization');
  }
  expect(await post([])).toContain('"hello":"hi"');
});
