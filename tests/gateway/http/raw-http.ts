import { connect, type Socket } from 'node:net';

/** A connection on which a test says byte for byte what it wants said. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  write(text: string | Buffer): void;
  /** All that came, once the other side has closed. */
  readonly closed: Promise<string>;
  /** All that came, once it has `text` in it or matches it; rejects when the other side closes before. */
  until(text: string | RegExp): Promise<string>;
}

export async function connectTo(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = '';
  const waiting = new Set<() => void>();
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    for (const look of waiting) look();
  });
  socket.on('error', () => {});
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return {
    socket,
    closed,
    write: (text) => void socket.write(text),
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (typeof text === 'string' ? !received.includes(text) : !text.test(received)) return;
          waiting.delete(look);
          resolve(received);
        };
        waiting.add(look);
        look();
        void closed.then((all) => reject(new Error(`closed without ${String(text)}:\n${all}`)));
      }),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Writes one request, and reads until the gateway closes, which the request has to ask for. */
export async function exchange(url: string, request: string | Buffer): Promise<string> {
  using connection = await connectTo(url);
  connection.write(request);
  return await connection.closed;
}

/** A POST of GraphQL as it stands on the wire. */
export function rawPost(query: string, headers: readonly string[] = [], target = '/graphql'): string {
  const body = JSON.stringify({ query });
  return [
    `POST ${target} HTTP/1.1`,
    'Host: gateway',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    ...headers,
    '',
    body,
  ].join('\r\n');
}
