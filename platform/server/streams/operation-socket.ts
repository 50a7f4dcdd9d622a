import type { IncomingMessage } from 'node:http';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { SUBGRAPH_ANSWER_BYTES } from '#schema/sizes.ts';
import type { Logger } from '#platform/process/logger.ts';

/** What the protocol's server knows of a socket. */
export interface SocketExtra {
  readonly request: IncomingMessage;
}

export interface OperationSocketOptions {
  readonly logger: Logger;
  readonly heartbeatMs: number;
  /** An error as the operation's sender may see it. */
  mask(error: GraphQLError): GraphQLFormattedError;
}

/**
 * Lets `server` speak graphql-transport-ws on a socket that many clients share. In place of the library's own adapter,
 * which closes the socket with 4500 for whatever one operation throws: here that operation gets an `error`, and nobody
 * else notices. An event that is larger than the gateway would take ends its operation in the same way.
 */
export function serveOperations(
  server: Server<SocketExtra>,
  socket: WebSocket,
  request: IncomingMessage,
  { logger, heartbeatMs, mask }: OperationSocketOptions,
): void {
  let heardSincePing = true;
  socket.on('pong', () => {
    heardSincePing = true;
  });
  // The library that speaks WebSocket has closed it with the code that fits.
  socket.on('error', (error) => logger.warn({ error }, 'a live connection failed'));

  const send = (text: string) =>
    new Promise<void>((resolve, reject) => {
      if (socket.readyState !== socket.OPEN) return resolve();
      socket.send(text, (error) => (error == null ? resolve() : reject(error)));
    });

  const closed = server.opened(
    {
      protocol: socket.protocol,
      async send(text) {
        const bytes = Buffer.byteLength(text);
        if (bytes > SUBGRAPH_ANSWER_BYTES) throw tooLarge(bytes);
        await send(text);
      },
      close: (code, reason) => socket.close(code, reason),
      onMessage(handle) {
        socket.on('message', (data: Buffer) => {
          heardSincePing = true;
          const text = data.toString();
          handle(text).catch((error: unknown) => refuse(text, error));
        });
      },
    },
    { request },
  );

  function refuse(text: string, error: unknown): void {
    if (socket.readyState !== socket.OPEN) return;
    const id = idOf(text);
    if (id === undefined) {
      logger.error({ error }, 'a live connection cannot be served');
      return socket.close(1011, 'Internal error');
    }
    send(JSON.stringify({ id, type: 'error', payload: [mask(asGraphQLError(error))] })).catch(
      // It has closed in the meantime.
      (cause: unknown) => logger.debug({ error: cause }, 'a refusal was not sent'),
    );
  }

  const beating = setInterval(() => {
    if (!heardSincePing) return socket.terminate();
    heardSincePing = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, heartbeatMs);
  socket.once('close', (code, reason) => {
    clearInterval(beating);
    closed(code, reason.toString()).catch((error: unknown) =>
      logger.error({ error }, 'a live connection did not end in good order'),
    );
  });
}

/** As graphql-js would report what is no GraphQLError: as the original of one. */
export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

function tooLarge(bytes: number): GraphQLError {
  return new GraphQLError(
    `This event has ${bytes} bytes, and at most ${SUBGRAPH_ANSWER_BYTES} can be sent: select less.`,
    { extensions: { code: 'EVENT_TOO_LARGE' } },
  );
}

/** Of the operation that a message is about; undefined where it is about the connection. */
function idOf(text: string): string | undefined {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('id' in message)) return undefined;
    return typeof message.id === 'string' ? message.id : undefined;
  } catch {
    return undefined;
  }
}
