import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One request as it came: text, not read by anybody. */
export interface RawCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A subgraph that says exactly what a test wants said, byte for byte. */
export interface RawSubgraph extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** All that came, oldest first, messages that subscribe among them. */
  readonly calls: readonly RawCall[];
  /** How it answers from now on: with JSON text, or by itself. */
  answer(with_: (call: RawCall, response: ServerResponse) => string | undefined): void;
}

/**
 * @param events the payloads, as JSON text, that every subscription over graphql-transport-ws gets at once
 */
export async function startRawSubgraph(events: readonly string[] = []): Promise<RawSubgraph> {
  const calls: RawCall[] = [];
  let answer: (call: RawCall, response: ServerResponse) => string | undefined = () => '{"data":null}';
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('error', () => {});
    request.on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const call = { headers: request.headers, body };
      calls.push(call);
      const text = answer(call, response);
      if (text !== undefined) response.setHeader('content-type', 'application/json').end(text);
    });
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => speak(socket, events, (body) => calls.push({ headers: {}, body })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    port,
    calls,
    answer(next) {
      answer = next;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function speak(socket: WebSocket, events: readonly string[], subscribed: (body: string) => void): void {
  socket.on('error', () => {});
  socket.on('message', (data: Buffer) => {
    const { type, id } = JSON.parse(data.toString()) as { type: string; id?: string };
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type !== 'subscribe') return;
    subscribed(data.toString());
    for (const event of events) socket.send(`{"id":"${id}","type":"next","payload":${event}}`);
  });
}
