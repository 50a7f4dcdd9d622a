import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { silentLogger } from '#platform/process/logger.ts';
import { mostInOneTurn } from '#tests/support/turns.ts';
import { until } from '#tests/support/until.ts';
import { GATEWAY_SECRET_HEADER } from '#platform/server/request-context.ts';
import { createSubgraphServer } from '#platform/server/subgraph-server.ts';

const SECRET = 'the secret of a test gateway';
const STREAMS = 300;

async function* oneUpdate() {
  yield { cursor: 1, orderUpdated: { version: 7 } };
}

test('what a gateway sends in one piece shares the event loop with everybody else', async () => {
  let begun = 0;
  await using server = await createSubgraphServer({
    name: 'orders',
    schemaFile: new URL('../../../schema/orders.graphql', import.meta.url),
    resolvers: {
      Subscription: {
        orderUpdated: {
          subscribe() {
            begun += 1;
            return oneUpdate();
          },
        },
      },
    },
    createContext: (request) => request,
    verifyToken: async () => ({ kind: 'anonymous' }),
    hasEnded: async () => false,
    gatewaySecret: SECRET,
    logger: silentLogger,
    checkHealth: async () => {},
  });
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { [GATEWAY_SECRET_HEADER]: SECRET } }));
  await once(socket, 'message');
  const completed = new Set<string>();
  socket.on('message', (data: Buffer) => {
    const { type, id } = JSON.parse(data.toString()) as { type: string; id?: string };
    if (type === 'complete' && id !== undefined) completed.add(id);
  });

  const most = mostInOneTurn(
    () => begun,
    async () => {
      const query = 'subscription { orderUpdated(orderId: "x") { version } }';
      for (let id = 0; id < STREAMS; id += 1)
        socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query } }));
      await until(() => completed.size === STREAMS, 'every stream to be served');
    },
  );
  expect(await most).toBeLessThan(5);
  expect(begun).toBe(STREAMS);
  socket.terminate();
});
