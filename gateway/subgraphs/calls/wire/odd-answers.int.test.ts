// What subgraphs and what stands before them put on the wire, byte by byte.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '#gateway/settings.ts';
import type { SubgraphCall, Upstreams } from '#gateway/subgraphs/calls/calls.ts';
import { createUpstreamRegistry } from '#gateway/subgraphs/calls/create-calls.ts';
import { rejectionOf } from '#tests/support/rejection.ts';

const MAX_BYTES = 100_000;
const SETTINGS = {
  SUPERGRAPH: 'none',
  SUBGRAPH_MAX_RESPONSE_BYTES: String(MAX_BYTES),
  SUBGRAPH_RETRIES: '1',
  BREAKER_FAILURES: '1000',
  GATEWAY_SECRET: 'dev-0123456789abcdef',
};
const HELLO = { data: { hello: 'ähm' } };
const BODY = Buffer.from(JSON.stringify(HELLO));

let server: Server;
let upstreams: Upstreams;
let impatient: Upstreams;
let received: string[];
let answer: (socket: Socket, nth: number) => void;

beforeAll(async () => {
  server = createServer({ noDelay: true }, (socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (body === undefined || body.length < length) return;
      received.push(text);
      text = '';
      answer(socket, received.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  upstreams = openUpstreams(urlOf('127.0.0.1'));
  impatient = openUpstreams(urlOf('127.0.0.1'), { SUBGRAPH_TIMEOUT_MS: '300' });
});

afterAll(async () => {
  await Promise.all([upstreams, impatient].map((all) => all[Symbol.asyncDispose]()));
  server.close();
});

beforeEach(() => {
  received = [];
});

const urlOf = (host: string, rest = '/graphql') =>
  `http://${host}:${(server.address() as AddressInfo).port}${rest}`;

function openUpstreams(url: string, settings: Record<string, string> = {}): Upstreams {
  const { upstream } = readConfig([], { ...SETTINGS, ...settings });
  return createUpstreamRegistry(upstream, pino({ level: 'silent' })).open([{ name: 'odd', url }]);
}

const query: SubgraphCall = {
  subgraph: 'odd',
  request: { query: '{ hello }' },
  operation: 'query',
  headers: {},
};
const mutation: SubgraphCall = { ...query, operation: 'mutation', request: { query: 'mutation { hello }' } };

/** One whole response; its length is told unless `headers` say how it ends. */
function respond(body: Buffer, headers: readonly string[] = [], status = '200 OK') {
  return (socket: Socket) => {
    const all = ['content-type: application/json', `content-length: ${body.length}`, ...headers];
    socket.write(`HTTP/1.1 ${status}\r\n${all.join('\r\n')}\r\n\r\n`);
    socket.write(body);
  };
}

function raw(text: string) {
  return (socket: Socket) => void socket.write(text);
}

const chunked = (...more: string[]) =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n${more.join('')}\r\n`;

describe('a compressed answer', () => {
  test.each([
    ['gzip', gzipSync(BODY)],
    ['x-gzip', gzipSync(BODY)],
    ['GZIP', gzipSync(BODY)],
    ['deflate', deflateSync(BODY)],
    ['deflate', deflateRawSync(BODY)],
    ['br', brotliCompressSync(BODY)],
    ['zstd', zstdCompressSync(BODY)],
    ['identity', BODY],
    ['', BODY],
    ['gzip, br', brotliCompressSync(gzipSync(BODY))],
  ])('in %s is understood', async (coding, body) => {
    answer = respond(body, [`content-encoding: ${coding}`]);
    expect(await upstreams.call(query)).toEqual(HELLO);
  });

  const bomb = Buffer.alloc(100 * MAX_BYTES, ' ');
  test.each([
    ['gzip', gzipSync(bomb)],
    ['deflate', deflateSync(bomb)],
    ['br', brotliCompressSync(bomb)],
    ['zstd', zstdCompressSync(bomb)],
    ['gzip, gzip', gzipSync(gzipSync(bomb))],
  ])('in %s may not be larger than any other', async (coding, body) => {
    answer = respond(body, [`content-encoding: ${coding}`]);
    expect(await rejectionOf(upstreams.call(query))).toMatchObject({ code: 'SUBGRAPH_TOO_LARGE' });
  });

  test.each(['compress', 'gzip, gzip, gzip', 'gzip, rot13', 'aes128gcm'])(
    'in %s, which nobody knows here, is refused as such',
    async (coding) => {
      answer = respond(gzipSync(BODY), [`content-encoding: ${coding}`]);
      expect(await rejectionOf(upstreams.call(query))).toMatchObject({
        code: 'SUBGRAPH_UNSUPPORTED_ENCODING',
        message: expect.stringContaining(coding),
      });
    },
  );

  test.each([
    ['cut off', gzipSync(BODY).subarray(0, 20)],
    ['not compressed at all', BODY],
  ])('that is %s is a bad answer', async (_what, body) => {
    answer = respond(body, ['content-encoding: gzip']);
    expect(await rejectionOf(upstreams.call(query))).toMatchObject({ code: 'SUBGRAPH_BAD_RESPONSE' });
  });

  test('is asked for only where a setting says that it pays', async () => {
    answer = respond(BODY);
    await upstreams.call(query);
    expect(received[0]).not.toMatch(/accept-encoding/i);
    await using asking = openUpstreams(urlOf('127.0.0.1'), { SUBGRAPH_COMPRESSION: 'on' });
    await asking.call(query);
    expect(received[1]).toMatch(/\r\naccept-encoding: gzip, deflate, br, zstd\r\n/i);
  });
});

describe('an answer is understood', () => {
  test.each([
    ['that begins with a byte order mark', respond(Buffer.concat([Buffer.from('\ufeff'), BODY]))],
    [
      'in another character set, if it says so',
      (socket: Socket) => {
        const body = Buffer.from(JSON.stringify(HELLO), 'latin1');
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json; charset="ISO-8859-1"\r\ncontent-length: ${body.length}\r\n\r\n`,
        );
        socket.write(body);
      },
    ],
    [
      'in UTF-16, if it says so',
      (socket: Socket) => {
        const body = Buffer.from(JSON.stringify(HELLO), 'utf16le');
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json;Charset=utf-16le\r\ncontent-length: ${body.length}\r\n\r\n`,
        );
        socket.write(body);
      },
    ],
    [
      'after early hints',
      (socket: Socket) => {
        socket.write(
          'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n',
        );
        respond(BODY)(socket);
      },
    ],
    [
      'in chunks with trailers',
      raw(
        `${chunked('trailer: x-sum\r\n')}${BODY.length.toString(16)}\r\n${BODY.toString('latin1')}\r\n0\r\nx-sum: 1\r\n\r\n`,
      ),
    ],
    [
      'that ends with the connection',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n');
        socket.end(BODY);
      },
    ],
    [
      'from a server of HTTP/1.0',
      (socket: Socket) => {
        socket.write('HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n');
        socket.end(BODY);
      },
    ],
  ])('%s', async (what, given) => {
    answer =
      what === 'in chunks with trailers'
        ? (socket) => writeLatin1(socket, BODY, given)
        : (socket) => given(socket);
    expect(await upstreams.call(query)).toEqual(HELLO);
  });

  function writeLatin1(socket: Socket, body: Buffer, _given: unknown): void {
    socket.write(`${chunked('trailer: x-sum\r\n')}${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.write('\r\n0\r\nx-sum: 1\r\n\r\n');
  }
});

describe('what is no answer has its code', () => {
  test.each([
    [
      'a redirect, which is not followed',
      respond(Buffer.from(''), ['location: http://127.0.0.1:9/'], '302 Found'),
      { code: 'SUBGRAPH_HTTP_ERROR', status: 302, message: expect.stringContaining('http://127.0.0.1:9/') },
    ],
    [
      'an error page in a coding that nobody knows',
      respond(BODY, ['content-encoding: rot13'], '503 Service Unavailable'),
      { code: 'SUBGRAPH_HTTP_ERROR', status: 503 },
    ],
    ['204', raw('HTTP/1.1 204 No Content\r\n\r\n'), { code: 'SUBGRAPH_BAD_RESPONSE', status: 204 }],
    ['an empty body', respond(Buffer.from('')), { code: 'SUBGRAPH_BAD_RESPONSE' }],
    [
      'a character set that nobody knows',
      raw(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=klingon\r\ncontent-length: 2\r\n\r\n{}',
      ),
      { code: 'SUBGRAPH_UNSUPPORTED_ENCODING' },
    ],
    ['chunks without end', raw(`${chunked()}5\r\n{"dat\r\n`), { code: 'SUBGRAPH_TIMEOUT' }],
    ['no word at all', () => {}, { code: 'SUBGRAPH_TIMEOUT' }],
    [
      'a length that it does not keep',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{');
        socket.end();
      },
      { code: 'SUBGRAPH_UNREACHABLE' },
    ],
    ['something that is no HTTP', raw('SSH-2.0-OpenSSH_9.6\r\n'), { code: 'SUBGRAPH_UNREACHABLE' }],
    [
      'two lengths',
      raw(
        'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\ncontent-type: application/json\r\n\r\n{}',
      ),
      { code: 'SUBGRAPH_UNREACHABLE' },
    ],
    [
      'headers without end',
      raw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(200_000)}\r\n`),
      { code: 'SUBGRAPH_UNREACHABLE' },
    ],
    [
      'another protocol than was asked for',
      raw('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
      { code: 'SUBGRAPH_UNREACHABLE' },
    ],
  ])('%s', async (_what, given, error) => {
    answer = (socket) => given(socket);
    const asked = error.code === 'SUBGRAPH_TIMEOUT' ? impatient : upstreams;
    expect(await rejectionOf(asked.call(query))).toMatchObject(error);
    // Nothing of it is taken for the answer to somebody else.
    answer = respond(BODY);
    expect(await upstreams.call(query)).toEqual(HELLO);
  });
});

test('what comes after an answer is not the next call’s', async () => {
  answer = (socket) => {
    respond(BODY)(socket);
    respond(Buffer.from('{"data":{"hello":"not yours"}}'))(socket);
  };
  expect(await upstreams.call(query)).toEqual(HELLO);
  answer = respond(BODY);
  for (let i = 0; i < 3; i += 1) expect(await upstreams.call(query)).toEqual(HELLO);
});

describe('a kept connection that closes as it is used again', () => {
  const closeOnSecond = (socket: Socket, nth: number): void => {
    if (nth === 2) socket.destroy();
    else respond(BODY)(socket);
  };

  test('costs a query another try', async () => {
    await using fresh = openUpstreams(urlOf('127.0.0.1'));
    answer = closeOnSecond;
    await fresh.call(query);
    expect(await fresh.call({ ...query, request: { query: '{ again: hello }' } })).toEqual(HELLO);
    expect(received).toHaveLength(3);
  });

  test('costs a mutation its answer, and it is not sent twice', async () => {
    await using fresh = openUpstreams(urlOf('127.0.0.1'));
    answer = closeOnSecond;
    await fresh.call(query);
    expect(await rejectionOf(fresh.call(mutation))).toMatchObject({ code: 'SUBGRAPH_UNREACHABLE' });
    expect(received).toHaveLength(2);
  });
});

test('one Host header goes upstream, and path and query of the subgraph’s address', async () => {
  await using upstreamsWithQuery = openUpstreams(urlOf('localhost', '/a%20b/graphql?tenant=1&x=%2F'));
  answer = respond(BODY);
  await upstreamsWithQuery.call({ ...query, headers: { authorization: 'Bearer t' } });
  const [head = ''] = received[0]?.split('\r\n\r\n') ?? [];
  expect(head.split('\r\n')[0]).toBe('POST /a%20b/graphql?tenant=1&x=%2F HTTP/1.1');
  expect(head.match(/^host: /gim)).toHaveLength(1);
  expect(head.match(/^x-gateway-secret: /gim)).toHaveLength(1);
});

test('an address may be a literal of IPv6', async ({ skip }) => {
  const six = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => respond(BODY)(socket));
  });
  six.on('error', () => skip('no IPv6 here'));
  six.listen(0, '::1');
  await once(six, 'listening');
  const { port } = six.address() as AddressInfo;
  await using upstreamsOfSix = openUpstreams(`http://[::1]:${port}/graphql`);
  expect(await upstreamsOfSix.call(query)).toEqual(HELLO);
  six.close();
});

test('an address with credentials is refused, and the refusal does not repeat them', () => {
  const open = () => openUpstreams(urlOf('127.0.0.1').replace('//', '//ann:s3cret@'));
  expect(open).toThrow(/odd/);
  expect(open).not.toThrow(/s3cret/);
});

test('of 100,000 errors no more are read than anybody is told of', async () => {
  await using patient = openUpstreams(urlOf('127.0.0.1'), { SUBGRAPH_MAX_RESPONSE_BYTES: '10000000' });
  const errors = Array.from({ length: 100_000 }, (_, n) => ({ message: `no ${n}`, path: ['hello'] }));
  answer = respond(Buffer.from(JSON.stringify({ data: { hello: null }, errors })));
  const { errors: read } = await patient.call(query);
  expect(read?.[0]).toEqual({ message: 'no 0', path: ['hello'] });
  expect(read).toHaveLength(1_000);
});
