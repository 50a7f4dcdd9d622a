/** What is no HTTP, or an odd kind of it, is refused at every port with a client's error or a closed socket. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSubgraphServer } from '#platform/server/subgraph-server.ts';
import { GATEWAY_SECRET_HEADER } from '#platform/server/request-context.ts';
import { silentLogger } from '#platform/process/logger.ts';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { connectTo, exchange } from '#tests/gateway/http/raw-http.ts';
import { startGateway } from '#tests/gateway/support/start-gateway.ts';
import { startStubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';

const SECRET = 'the secret of a test gateway';
const REQUEST_TIMEOUT_MS = 300;
/** More than the time limit, and however busy the machine is. */
const HANGS_AFTER_MS = 5_000;

const running = new AsyncDisposableStack();
const urls: Record<string, string> = {};

async function startSubgraph(name: 'orders' | 'users', resolvers: object): Promise<string> {
  const server = running.use(
    await createSubgraphServer({
      name,
      schemaFile: new URL(`../../schema/${name}.graphql`, import.meta.url),
      resolvers,
      createContext: (request) => request,
      verifyToken: async () => ({ kind: 'anonymous' }),
      hasEnded: async () => false,
      gatewaySecret: SECRET,
      logger: silentLogger,
      checkHealth: async () => {},
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    }),
  );
  return `http://127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}/graphql`;
}

beforeAll(async () => {
  const stubs = running.use(await startStubSubgraphs(BOOKSHOP));
  const settings = { REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS) };
  urls['gateway'] = running.use(await startGateway(stubs.supergraphSdl, settings)).url;
  // With live updates and without: the former takes WebSockets.
  urls['orders'] = await startSubgraph('orders', {});
  urls['users'] = await startSubgraph('users', { Query: { me: () => null } });
});
afterAll(() => running[Symbol.asyncDispose]());

const HOST = 'Host: a';
const CLOSE = 'Connection: close';
const BODY = '{"query":"{ __typename }"}';
const LENGTH = `Content-Length: ${BODY.length}`;
const KNOWN = [`${GATEWAY_SECRET_HEADER}: ${SECRET}`, 'Content-Type: application/json'];
const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol: graphql-transport-ws',
];

function raw(line: string, headers: readonly string[], body = ''): string {
  return [`${line} HTTP/1.1`, ...headers, '', body].join('\r\n');
}
const post = (headers: readonly string[], body = BODY, target = '/graphql') =>
  raw(`POST ${target}`, [...KNOWN, ...headers], body);
const upgrade = (headers: readonly string[], target = '/graphql') =>
  raw(`GET ${target}`, [...UPGRADE, ...headers]);

const REFUSED: readonly (readonly [string, string | Buffer])[] = [
  ['no Host', post([CLOSE, LENGTH])],
  ['two Hosts', post([CLOSE, LENGTH, HOST, 'Host: b'])],
  ['the same Host twice', post([CLOSE, LENGTH, HOST, HOST])],
  ['an empty Host', post([CLOSE, LENGTH, 'Host:'])],
  ['a Host of spaces', post([CLOSE, LENGTH, 'Host:   '])],
  ['a Host with a space', post([CLOSE, LENGTH, 'Host: a b'])],
  ['a Host with a path', post([CLOSE, LENGTH, 'Host: a/b'])],
  ['a Host with a user', post([CLOSE, LENGTH, 'Host: a@b'])],
  ['a list of Hosts', post([CLOSE, LENGTH, 'Host: a, b'])],
  ['a Host with a port that is none', post([CLOSE, LENGTH, 'Host: a:b'])],
  ['a Host with half a bracket', post([CLOSE, LENGTH, 'Host: [::1'])],
  ['a Host with a broken escape', post([CLOSE, LENGTH, 'Host: a%zz'])],
  ['a Host that is not ASCII', Buffer.from(post([CLOSE, LENGTH, 'Host: a\u00ff']), 'latin1')],
  ['a Host, continued', post([CLOSE, LENGTH, 'Host: a', ' b'])],
  ['a WebSocket without a Host', upgrade([])],
  ['a WebSocket with an empty Host', upgrade(['Host:'])],
  ['a WebSocket with a space in its Host', upgrade(['Host: a b'])],
  ['a WebSocket with two Hosts', upgrade([HOST, 'Host: b'])],
  ['a WebSocket with a bracket in its Host', upgrade(['Host: ['])],
  ['a WebSocket to two slashes', upgrade([HOST], '//')],
  ['a WebSocket to dots', upgrade([HOST], '/..')],
  ['a WebSocket to what cannot be decoded', upgrade([HOST], '/%zz')],
  ['a WebSocket to no path', upgrade([HOST], '*')],
  ['a WebSocket to nowhere', upgrade([HOST], '/nothing')],
  ['a WebSocket of another version', upgrade([HOST]).replace('Version: 13', 'Version: 7')],
  ['a WebSocket without a key', upgrade([HOST]).replace(/Sec-WebSocket-Key.*\r\n/, '')],
  ['a WebSocket with a key that is none', upgrade([HOST]).replace('AAAA==', '==')],
  ['a WebSocket whose protocols are no list', upgrade([HOST]).replace('graphql-transport-ws', ',,"')],
  ['two slashes', post([HOST, CLOSE, LENGTH], BODY, '//')],
  ['dots', post([HOST, CLOSE, LENGTH], BODY, '/..')],
  ['dots, escaped', post([HOST, CLOSE, LENGTH], BODY, '/%2e%2e/%2e%2e')],
  ['what cannot be decoded', post([HOST, CLOSE, LENGTH], BODY, '/%zz')],
  ['what decodes to no UTF-8', post([HOST, CLOSE, LENGTH], BODY, '/%ff%fe')],
  ['a zero byte', post([HOST, CLOSE, LENGTH], BODY, '/%00')],
  ['a target without a slash', post([HOST, CLOSE, LENGTH], BODY, 'graphql')],
  ['a whole URL with nothing in it', post([HOST, CLOSE, LENGTH], BODY, 'http://')],
  ['a whole URL of elsewhere', post([HOST, CLOSE, LENGTH], BODY, 'http://[::1/x')],
  ['a target of 10 KB', post([HOST, CLOSE, LENGTH], BODY, `/${'a'.repeat(10_000)}`)],
  ['a target of 100 KB', post([HOST, CLOSE, LENGTH], BODY, `/${'a'.repeat(100_000)}`)],
  ['a star that is posted', post([HOST, CLOSE, LENGTH], BODY, '*')],
  ['a tunnel', raw('CONNECT a:443', [HOST])],
  ['a tunnel to nowhere', raw('CONNECT //', [HOST, CLOSE])],
  ['a trace', raw('TRACE /graphql', [HOST, CLOSE])],
  ['a method that nobody knows', raw('BREW /graphql', [HOST, CLOSE])],
  ['headers of 100 KB', post([HOST, CLOSE, LENGTH, `X-A: ${'a'.repeat(100_000)}`])],
  ['10,000 headers', post([HOST, CLOSE, LENGTH, ...Array.from({ length: 10_000 }, (_, i) => `X${i}: 1`)])],
  ['a length and chunks', post([HOST, CLOSE, LENGTH, 'Transfer-Encoding: chunked'])],
  ['two lengths', post([HOST, CLOSE, LENGTH, 'Content-Length: 1'])],
  ['a length that is none', post([HOST, CLOSE, 'Content-Length: 0x10'])],
  ['a length beyond all bounds', post([HOST, CLOSE, 'Content-Length: 99999999999999999999'])],
  ['more than a body may have', post([HOST, CLOSE, 'Content-Length: 999999999'])],
  ['chunks of garbage', post([HOST, CLOSE, 'Transfer-Encoding: chunked'], 'zz\r\nabc\r\n')],
  [
    'a chunk that is longer than it says',
    post([HOST, CLOSE, 'Transfer-Encoding: chunked'], '1\r\nabc\r\n0\r\n\r\n'),
  ],
  ['a chunk beyond all bounds', post([HOST, CLOSE, 'Transfer-Encoding: chunked'], 'fffffffffffffffff\r\n')],
  [
    'an extension without an end',
    post([HOST, CLOSE, 'Transfer-Encoding: chunked'], `1;${'a'.repeat(50_000)}`),
  ],
  ['another transfer coding', post([HOST, CLOSE, 'Transfer-Encoding: gzip, chunked, identity'], BODY)],
  ['a line end alone', Buffer.from(post([HOST, CLOSE, LENGTH]).replaceAll('\r\n', '\n'))],
  ['a header without a name', post([HOST, CLOSE, LENGTH, ': a'])],
  ['a zero byte in a header', post([HOST, CLOSE, LENGTH, 'X-A: \0'])],
  ['a body of JSON that is none', post([HOST, CLOSE, LENGTH], BODY.replace('{', '['))],
  ['an empty body', post([HOST, CLOSE, 'Content-Length: 0'], '')],
  ['a content type that is none', post([HOST, CLOSE, LENGTH]).replace('application/json', ';;"')],
  ['HTTP/0.9', 'GET /graphql\r\n\r\n'],
  ['HTTP/3.0', raw('GET /graphql', [HOST, CLOSE]).replace('HTTP/1.1', 'HTTP/3.0')],
  ['HTTP/2 from the start', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a TLS handshake', Buffer.from('16030100fa010000f60303', 'hex')],
  ['zero bytes', Buffer.alloc(1_000)],
  ['nothing at all', ''],
  ['half a request line', 'POST /gra'],
  ['headers without an end', 'POST /graphql HTTP/1.1\r\nHost: a\r\n'],
  ['a body without an end', post([HOST, LENGTH]).slice(0, -3)],
  ['chunks without an end', post([HOST, 'Transfer-Encoding: chunked'], '5\r\n{"que\r\n')],
  ['a body that the client was told to send and does not', post([HOST, LENGTH, 'Expect: 100-continue'], '')],
];

const OTHER_PROTOCOLS = ['h2c', 'irc/6.9', 'h2c, websocket', 'TLS/1.2', 'websocket'];
const FINAL_HEAD = /HTTP\/1\.1 [2-5]\d\d .*?\r\n\r\n/s;

describe.concurrent.each(['gateway', 'orders', 'users'])('%s', (name) => {
  test.each(REFUSED)('%s', async (_what, request) => {
    const url = urls[name] ?? '';
    using connection = await connectTo(url);
    if (request !== '') connection.write(request);
    const hangs = AbortSignal.timeout(HANGS_AFTER_MS);
    const answer = await Promise.race([
      connection.closed,
      connection.until(FINAL_HEAD).catch(() => connection.closed),
      new Promise<string>((resolve) => hangs.addEventListener('abort', () => resolve('it hangs'))),
    ]);
    expect(answer.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '')).toMatch(/^(?:$|HTTP\/1\.1 4\d\d )/);
    expect(answer).not.toMatch(/node_modules|at .*\.[jt]s|llhttp|HPE_/i);
  });

  test.each(OTHER_PROTOCOLS)(
    'an offer of %s is passed over',
    async (protocol) => {
      using connection = await connectTo(urls[name] ?? '');
      // Twice, one after the other: what was passed over must not be waited for by the connection's next request.
      for (const answers of [1, 2]) {
        const headers = [HOST, LENGTH, 'Connection: Upgrade, HTTP2-Settings', `Upgrade: ${protocol}`];
        connection.write(post([...headers, 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA']));
        const said = connection.until(new RegExp(`(?:__typename":"Query".*){${answers}}`, 's'));
        await expect(said).resolves.toMatch(/^HTTP\/1\.1 200 /);
      }
    },
    10_000,
  );

  test('what the whole server can do is answered', async () => {
    expect(await exchange(urls[name] ?? '', raw('OPTIONS *', [HOST, CLOSE]))).toMatch(
      /^HTTP\/1\.1 (?:204|4\d\d) /,
    );
  });

  test('it goes on all the same', async () => {
    expect(await exchange(urls[name] ?? '', post([HOST, CLOSE, LENGTH]))).toContain(
      '{"data":{"__typename":"Query"}}',
    );
  });
});
