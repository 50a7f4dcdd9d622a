/*
 * The lower bound: one upstream subscription a topic, one frame an event, the same bytes to every socket of the topic.
 * No federation, no protocol checks, no limits.        ORDERS_URL=… PORT=… node floor.ts
 */
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { FLOOR_OPERATION } from './schemas.ts';

interface Message {
  readonly type: string;
  readonly id: string;
  readonly payload: {
    readonly variables?: { readonly id: string };
    readonly data?: { orderUpdated: { user: object } };
  };
}

const topics = new Map<string, Set<WebSocket>>();
const upstream = new WebSocket(`${process.env['ORDERS_URL']?.replace('http', 'ws')}`, 'graphql-transport-ws');
const server = createServer((_, response) => response.end('{"data":{"__typename":"Query"}}'));

new WebSocketServer({ server, path: '/graphql' }).on('connection', (socket) => {
  socket.on('message', (data: Buffer) => {
    const { type, payload } = JSON.parse(data.toString()) as Message;
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type !== 'subscribe') return;
    const topic = payload.variables?.id ?? '';
    let sockets = topics.get(topic);
    if (sockets === undefined) {
      topics.set(topic, (sockets = new Set()));
      upstream.send(
        JSON.stringify({
          id: topic,
          type: 'subscribe',
          payload: { query: FLOOR_OPERATION, variables: { id: topic } },
        }),
      );
    }
    const joined = sockets;
    joined.add(socket);
    socket.on('close', () => joined.delete(socket));
  });
});

upstream.on('open', () => upstream.send('{"type":"connection_init"}'));
upstream.on('message', (data: Buffer) => {
  const { type, id, payload } = JSON.parse(data.toString()) as Message;
  if (type === 'connection_ack') server.listen(Number(process.env['PORT']), '127.0.0.1');
  if (type !== 'next') return;
  Object.assign(payload.data?.orderUpdated.user ?? {}, { name: 'Ada', email: 'ada@example.com' });
  const frame = JSON.stringify({ id: '1', type: 'next', payload });
  for (const socket of topics.get(id) ?? []) socket.send(frame);
});
