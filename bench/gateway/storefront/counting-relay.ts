import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Passes bytes on to a port of this machine, and counts the requests among them. */
export interface CountingRelay extends AsyncDisposable {
  readonly port: number;
  /** So far. */
  requests(): number;
}

/**
 * Reads no HTTP: whoever keeps to one request at a time on a connection, as all our clients do, begins one whenever they
 * write after having been answered. That is as cheap as a relay gets, and the same for all who are measured.
 */
export async function startCountingRelay(targetPort: number): Promise<CountingRelay> {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    let answered = true;
    client.on('data', () => {
      if (answered) requests += 1;
      answered = false;
    });
    target.on('data', () => (answered = true));
    client.pipe(target).pipe(client);
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
