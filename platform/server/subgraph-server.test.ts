import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTokenVerifierFrom } from '#platform/auth/verify-token.ts';
import { silentLogger } from '#platform/process/logger.ts';
import { createTestTokens, type TestTokens } from '#tests/support/tokens.ts';
import { CLIENT_ADDRESS_HEADER, GATEWAY_SECRET_HEADER, type RequestContext } from './request-context.ts';
import { createSubgraphServer, type SubgraphServer } from './subgraph-server.ts';

const SECRET = 'the secret of a test gateway';

let tokens: TestTokens;
let server: SubgraphServer;
let port: number;
let seen: RequestContext | undefined;

beforeAll(async () => {
  tokens = await createTestTokens();
  server = await createSubgraphServer({
    name: 'users',
    schemaFile: new URL('../../schema/users.graphql', import.meta.url),
    resolvers: { Query: { me: () => null } },
    createContext: (request) => (seen = request),
    verifyToken: createTokenVerifierFrom(() => Promise.reject(new TypeError('fetch failed'))),
    hasEnded: async () => false,
    gatewaySecret: SECRET,
    logger: silentLogger,
    checkHealth: async () => {},
    requestTimeoutMs: 200,
  });
  port = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server[Symbol.asyncDispose]());

async function ask(headers: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [GATEWAY_SECRET_HEADER]: SECRET, ...headers },
    body: JSON.stringify({ query: '{ me { id } }' }),
  });
  return { status: response.status, body: await response.json() };
}

test('while keys cannot be had, who shows a token is told to try again, and who shows none is answered', async () => {
  expect(await ask({ authorization: await tokens.customer() })).toEqual({
    status: 200,
    body: {
      errors: [
        {
          message: expect.stringContaining('try again'),
          extensions: { code: 'SERVICE_UNAVAILABLE', retryable: true, retryAfter: expect.any(Number) },
        },
      ],
    },
  });
  expect(await ask({})).toEqual({ status: 200, body: { data: { me: null } } });
});

test('what is no token is UNAUTHENTICATED all the same', async () => {
  expect(await ask({ authorization: 'Bearer null' })).toMatchObject({
    status: 401,
    body: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
  });
});

test('where a client is, the gateway says and nobody else', async () => {
  await ask({ [CLIENT_ADDRESS_HEADER]: '192.0.2.7' });
  expect(seen?.clientAddress).toBe('192.0.2.7');
  await ask({ 'x-forwarded-for': '192.0.2.7' });
  expect(seen?.clientAddress).toBeUndefined();
});

test.each([
  ['sends nothing', ''],
  ['sends half a header', 'POST /graphql HTTP/1.1\r\nhost: a\r\nx-a: '],
  [
    'sends half a body',
    `POST /graphql HTTP/1.1\r\nhost: a\r\n${GATEWAY_SECRET_HEADER}: ${SECRET}\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{"query"`,
  ],
])('a connection that %s is closed', async (_, sent) => {
  const socket = connect(port, '127.0.0.1');
  socket.resume();
  socket.on('error', () => {});
  socket.write(sent);
  await once(socket, 'close');
  expect(socket.destroyed).toBe(true);
});
