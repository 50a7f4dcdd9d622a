import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { BOOKSHOP } from './support/bookshop.ts';
import { connectTo, rawPost } from './http/raw-http.ts';
import { type RunningGateway, startGateway } from './support/start-gateway.ts';

const CLOSE = 'Connection: close';

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

test('what a client sends before it has an answer is begun when its turn comes, in the order it was sent', async () => {
  const stock = stubs.get('stock');
  const held: (() => void)[] = [];
  stock.fail((response, answer) => held.push(() => response.end(answer)));
  const before = stock.requests.length;
  using connection = await connectTo(running.url);
  const queries = ['mutation { sell(isbn: "1") }', '{ warehouse }', 'mutation { sell(isbn: "2") }'];
  connection.write(queries.map((query, i) => rawPost(query, i === 2 ? [CLOSE] : [])).join(''));
  for (let count = 1; count <= queries.length; count += 1) {
    await stock.received(before + count);
    // Another client's request has been read by then, and so have these.
    expect(await running.inFlight()).toBe(1);
    expect(stock.requests.length).toBe(before + count);
    held.shift()?.();
  }
  stock.fail(undefined);
  const answers = [...(await connection.closed).matchAll(/"data":\{"(\w+)"/g)].map(([, field]) => field);
  expect(answers).toEqual(['sell', 'warehouse', 'sell']);
});

test('a thousand requests in one piece are answered, and others do not wait until they are', async () => {
  const count = 1_000;
  using connection = await connectTo(running.url);
  let text = '';
  connection.socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const answered = () => text.split('HTTP/1.1 400').length - 1;
  connection.write(rawPost('{').repeat(count - 1) + rawPost('{', [CLOSE]));
  await connection.until('HTTP/1.1 400');
  expect((await running.ask('{ bestYear }')).status).toBe(200);
  expect(answered()).toBeLessThan(count);
  await connection.closed;
  expect(answered()).toBe(count);
});

test('who sends requests without end and waits for nothing is cut off, and costs nobody else anything', async () => {
  const stock = stubs.get('stock');
  stock.fail(() => {});
  using connection = await connectTo(running.url);
  connection.write(
    rawPost('mutation { sell(isbn: "1") }') + 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20_000),
  );
  expect(await connection.closed).toBe('');
  stock.fail(undefined);
  expect((await running.ask('{ bestYear }')).status).toBe(200);
  await expect.poll(() => running.inFlight()).toBe(0);
});

test('a client that leaves takes what waited with it', async () => {
  const stock = stubs.get('stock');
  stock.fail(() => {});
  const before = stock.requests.length;
  const connection = await connectTo(running.url);
  connection.write(
    rawPost('mutation { sell(isbn: "1") }') + rawPost('mutation { sell(isbn: "2") }').repeat(20),
  );
  await stock.received(before + 1);
  connection.socket.destroy();
  await expect.poll(() => running.inFlight()).toBe(0);
  stock.fail(undefined);
  expect((await running.ask('{ bestYear }')).status).toBe(200);
  expect(stock.requests.length).toBe(before + 1);
});
