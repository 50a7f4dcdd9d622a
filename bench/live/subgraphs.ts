/*
 * Two subgraphs in one process: `orders` with the live field, `users` with an entity that every event needs.
 *   node subgraphs.ts      started by main.ts, over IPC: {topics, eventsPerSecond} starts the events, 'stats' asks
 */
import { EventEmitter, on } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { nowMs } from './clock.ts';
import { ORDERS_SDL, USERS_SDL } from './schemas.ts';

export interface SubgraphsReady {
  readonly ordersUrl: string;
  readonly usersUrl: string;
}
export interface StartEvents {
  readonly topics: number;
  readonly eventsPerSecond: number;
}
export interface SubgraphStats {
  readonly events: number;
  readonly upstreams: number;
  readonly entityCalls: number;
}

const bus = new EventEmitter().setMaxListeners(0);
const stats = { events: 0, upstreams: 0, entityCalls: 0 };

function createOrder(id: string) {
  const count = stats.events;
  return { id, status: `S${count}`, total: count, at: String(nowMs()), user: { id: 'u1' } };
}

const orders = buildSubgraphSchema([
  {
    typeDefs: parse(ORDERS_SDL),
    resolvers: {
      Query: { order: () => createOrder('o0') },
      Subscription: {
        orderUpdated: {
          async *subscribe(_: unknown, { id }: { id: string }) {
            stats.upstreams += 1;
            try {
              for await (const [order] of on(bus, id)) yield { orderUpdated: order };
            } finally {
              stats.upstreams -= 1;
            }
          },
        },
      },
    },
  },
]);
const users = buildSubgraphSchema([
  {
    typeDefs: parse(USERS_SDL),
    resolvers: {
      Query: { me: () => ({ id: 'u1' }) },
      User: {
        __resolveReference: ({ id }: { id: string }) => ({ id, name: 'Ada', email: 'ada@example.com' }),
      },
    },
  },
]);

async function serve(schema: typeof orders, onCall: () => void): Promise<string> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as {
      query: string;
      variables?: Record<string, unknown>;
    };
    onCall();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(await graphql({ schema, source: query, variableValues: variables ?? {} })));
  };
  const server = createServer((request, response) => void answer(request, response));
  useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

const ready: SubgraphsReady = {
  ordersUrl: await serve(orders, () => {}),
  usersUrl: await serve(users, () => {
    stats.entityCalls += 1;
  }),
};
let ticking: NodeJS.Timeout | undefined;

process.on('message', (message: StartEvents | 'stats') => {
  if (message === 'stats') {
    process.send?.(stats);
    return;
  }
  clearInterval(ticking);
  const { topics, eventsPerSecond } = message;
  // Timers are not finer than this; several topics have their turn in one tick.
  const perTick = Math.max(1, Math.round(eventsPerSecond / 50));
  let next = 0;
  ticking = setInterval(
    () => {
      for (let i = 0; i < perTick; i += 1) {
        const id = `o${next}`;
        next = (next + 1) % topics;
        stats.events += 1;
        bus.emit(id, createOrder(id));
      }
    },
    (1000 * perTick) / eventsPerSecond,
  );
});
process.on('disconnect', () => process.exit());
process.send?.(ready);
