import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { connectTo, exchange, rawPost } from './raw-http.ts';
import { type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';

const QUERY = '{ warehouse }';
const ANSWER = '{"data":{"warehouse":"north"}}';
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

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

describe('an offer of another protocol', () => {
  test.each([
    ['h2c', 'h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'],
    ['what nobody knows', 'irc/6.9', 'X-Nothing: 1'],
    ['a list', 'h2c, websocket', 'X-Nothing: 1'],
    ['TLS', 'TLS/1.2', 'X-Nothing: 1'],
  ])('%s is passed over: the request is answered', async (_what, upgrade, other) => {
    using connection = await connectTo(running.url);
    const headers = ['Connection: Upgrade, HTTP2-Settings', `Upgrade: ${upgrade}`, other];
    connection.write(rawPost(QUERY, headers));
    expect(statusOf(await connection.until(ANSWER))).toBe(200);
    // The connection goes on as HTTP/1.1.
    connection.write(rawPost('{ bestYear }', headers));
    await connection.until('{"data":{"bestYear":1999}}');
  });

  test('a POST that offers WebSocket is a POST', async () => {
    using connection = await connectTo(running.url);
    connection.write(rawPost(QUERY, ['Connection: Upgrade', 'Upgrade: websocket']));
    expect(statusOf(await connection.until(ANSWER))).toBe(200);
  });

  test('curl --http2 is answered, where there is a curl', async () => {
    const args = [
      '--http2',
      '-s',
      '-H',
      'content-type: application/json',
      '-d',
      JSON.stringify({ query: QUERY }),
    ];
    const answer = await promisify(execFile)('curl', [...args, running.url]).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { stdout: ANSWER };
      throw error;
    });
    expect(answer.stdout).toBe(ANSWER);
  });

  test('a WebSocket is taken, whatever the case of its name', async () => {
    const answer = connectTo(running.url);
    using connection = await answer;
    connection.write(
      'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
    );
    expect(statusOf(await connection.until('\r\n\r\n'))).toBe(101);
    const socket = new WebSocket(running.url.replace('http', 'ws'), 'graphql-transport-ws');
    await new Promise((resolve) => socket.once('open', resolve));
    socket.terminate();
  });
});

describe('a request in an odd form', () => {
  test.each([
    ['a whole URL as its target', rawPost(QUERY, [CLOSE], 'http://shop.example/graphql'), 200],
    ['a slash at the end', rawPost(QUERY, [CLOSE], '/graphql/'), 200],
    ['a query that means nothing', rawPost(QUERY, [CLOSE], '/graphql?x=%E0%A4%A&Query=1'), 200],
    ['a path that cannot be decoded', rawPost(QUERY, [CLOSE], '/%E0%A4%A'), 400],
    ['two slashes', rawPost(QUERY, [CLOSE], '//'), 404],
    ['two slashes and a host', rawPost(QUERY, [CLOSE], '//graphql'), 404],
    ['dots', rawPost(QUERY, [CLOSE], '/../../etc/passwd'), 404],
    ['a path in capitals', rawPost(QUERY, [CLOSE], '/GraphQL'), 404],
    ['two Hosts', rawPost(QUERY, [CLOSE, 'Host: other']), 400],
    ['a length and chunks', rawPost(QUERY, [CLOSE, 'Transfer-Encoding: chunked']), 400],
    ['two lengths', rawPost(QUERY, [CLOSE, 'Content-Length: 5']), 400],
    [
      'a length that is none',
      rawPost(QUERY, [CLOSE]).replace(/Content-Length: \d+/, 'Content-Length: +1'),
      400,
    ],
    ['a space before a colon', rawPost(QUERY, [CLOSE, 'X-Odd : 1']), 400],
    ['a line folded', rawPost(QUERY, ['X-Odd: 1', ' 2', CLOSE]), 400],
    ['chunks under another name', rawPost(QUERY, [CLOSE, 'Transfer-Encoding: xchunked']), 400],
    ['a method that nobody knows', rawPost(QUERY, [CLOSE]).replace('POST', 'BREW'), 400],
    ['headers of 20 KB', rawPost(QUERY, [CLOSE, `Cookie: ${'a=b; '.repeat(4_000)}`]), 431],
    ['1,500 headers', rawPost(QUERY, [CLOSE, ...Array.from({ length: 1_500 }, (_, i) => `X-${i}: 1`)]), 431],
    ['HTTP/2 from the start', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a TLS handshake', Buffer.from('16030100fa010000f60303', 'hex'), 400],
  ])('%s', async (_what, request, status) => {
    const answer = await exchange(running.url, request);
    expect(statusOf(answer)).toBe(status);
    if (status === 200) expect(answer).toContain(ANSWER);
    else expect(answer).toMatch(/\r\n\r\n\{"errors":\[\{"message":"[^"]+","extensions":\{"code":"[A-Z_]+"/);
    expect(answer).not.toMatch(/node_modules|at .*\.[jt]s|fastify|llhttp|HPE_/i);
  });

  test('no Host', async () => {
    const answer = await exchange(running.url, rawPost(QUERY, [CLOSE]).replace('Host: gateway\r\n', ''));
    expect(statusOf(answer)).toBe(400);
  });

  test('chunks are put together', async () => {
    const body = JSON.stringify({ query: QUERY });
    const chunks = Array.from(body, (character) => `1\r\n${character}\r\n`).join('');
    const head = rawPost('', [CLOSE, 'Transfer-Encoding: chunked']).split('\r\n\r\n', 1)[0] ?? '';
    const answer = await exchange(
      running.url,
      `${head.replace(/Content-Length: \d+\r\n/, '')}\r\n\r\n${chunks}0\r\n\r\n`,
    );
    expect(answer).toContain(ANSWER);
  });

  test('OPTIONS of no path says what is allowed anywhere', async () => {
    const answer = await exchange(running.url, `OPTIONS * HTTP/1.1\r\nHost: a\r\n${CLOSE}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 204 .*\r\nallow: GET, HEAD, POST, OPTIONS\r\n/s);
  });

  test('requests in one piece are answered in their order', async () => {
    const answer = await exchange(
      running.url,
      rawPost(QUERY) + rawPost('{ bestYear }') + rawPost('{') + rawPost('{ books { isbn } }', [CLOSE]),
    );
    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '200',
      '200',
      '400',
      '200',
    ]);
    expect(answer.indexOf('north')).toBeLessThan(answer.indexOf('1999'));
    expect(answer.indexOf('1999')).toBeLessThan(answer.indexOf('"isbn"'));
  });

  test('a client that asks whether it may go on is told so; one with other expectations is refused', async () => {
    using connection = await connectTo(running.url);
    const [head, body] = rawPost(QUERY, ['Expect: 100-continue', CLOSE]).split('\r\n\r\n') as [
      string,
      string,
    ];
    connection.write(`${head}\r\n\r\n`);
    await connection.until('HTTP/1.1 100 Continue');
    connection.write(body);
    expect(await connection.closed).toContain(ANSWER);
    expect(statusOf(await exchange(running.url, rawPost(QUERY, ['Expect: 200-maybe', CLOSE])))).toBe(417);
    const long = rawPost(QUERY, ['Expect: 100-continue']).replace(
      /Content-Length: \d+/,
      'Content-Length: 99000000',
    );
    expect(statusOf(await exchange(running.url, long.split('\r\n\r\n', 1)[0] + '\r\n\r\n'))).toBe(413);
  });
});

describe('REQUEST_TIMEOUT_MS', () => {
  let brief: RunningGateway;
  beforeAll(async () => {
    brief = await startGateway(stubs.supergraphSdl, { REQUEST_TIMEOUT_MS: '300' });
  });
  afterAll(() => brief[Symbol.asyncDispose]());

  test.each([
    ['a connection on which nothing comes', ''],
    ['headers without an end', 'POST /graphql HTTP/1.1\r\nHost: x\r\n'],
    ['a body without an end', rawPost(QUERY).slice(0, -3)],
    [
      'chunks without an end',
      'POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n5\r\n{"que\r\n',
    ],
    [
      'an upgrade without an end',
      'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n',
    ],
  ])('%s is ended', async (_what, begun) => {
    using connection = await connectTo(brief.url);
    const since = performance.now();
    if (begun !== '') connection.write(begun);
    const answer = await connection.closed;
    expect(performance.now() - since).toBeLessThan(5_000);
    if (answer !== '') expect(statusOf(answer)).toBe(408);
  });

  test('headers that drip are ended, too', async () => {
    using connection = await connectTo(brief.url);
    connection.write('POST /graphql HTTP/1.1\r\n');
    const dripping = setInterval(() => connection.write('X-Drip: 1\r\n'), 50);
    const answer = await connection.closed;
    clearInterval(dripping);
    expect(statusOf(answer)).toBe(408);
  });

  test('a connection is kept for the next request for so long, and then ended', async () => {
    using connection = await connectTo(brief.url);
    connection.write(rawPost(QUERY));
    await connection.until(ANSWER);
    connection.write(rawPost('{ bestYear }'));
    expect(await connection.closed).toContain('1999');
  });
});
