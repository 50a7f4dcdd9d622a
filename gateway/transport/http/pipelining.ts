import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests that wait for answers before theirs, on one connection; who sends more is cut off. */
const MOST_WAITING = 2_000;
/** The same on all of them: each holds some 15 KB. */
const MOST_WAITING_IN_ALL = 10_000;

/**
 * Requests that a client sends without waiting for answers (RFC 9112, 9.3.2) are taken one after the other, as they are
 * answered: a query behind a mutation sees what that did, and a connection has no more under way than any other. As long
 * as any wait, nothing more is read.
 */
export function useTurns(app: FastifyInstance): void {
  const lines = new WeakMap<Socket, { length: number }>();
  let waiting = 0;

  function lineOf(socket: Socket): { length: number } {
    const known = lines.get(socket);
    if (known !== undefined) return known;
    const line = { length: 0 };
    lines.set(socket, line);
    socket.once('close', () => {
      waiting -= line.length;
    });
    return line;
  }

  app.addHook('onRequest', ({ raw: { socket } }, { raw: response }, done) => {
    // Node gives the socket to one answer after the other.
    if (response.socket !== null) return done();
    const line = lineOf(socket);
    if (socket.destroyed || line.length === MOST_WAITING || waiting >= MOST_WAITING_IN_ALL)
      return void socket.destroy();
    line.length += 1;
    waiting += 1;
    socket.pause();
    response.once('socket', () => {
      // In a turn of the event loop of its own: the one before may have been answered without one.
      setImmediate(() => {
        if (socket.destroyed) return;
        line.length -= 1;
        waiting -= 1;
        // Node has read on with the answer before.
        if (line.length > 0) socket.pause();
        else socket.resume();
        done();
      });
    });
  });
}
