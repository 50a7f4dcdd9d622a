import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  specifiedRules,
  validate,
} from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import { uuidv7 } from 'uuidv7';
import { WebSocketServer } from 'ws';
import { SUBGRAPH_REQUEST_BYTES } from '#schema/sizes.ts';
import type { VerifyToken } from '#platform/auth/verify-token.ts';
import { hostFault } from '#platform/http/request-head.ts';
import type { Logger } from '#platform/process/logger.ts';
import type { HasEnded } from '#platform/server/ended-sessions.ts';
import { subscribeWithCursor } from './event-stream.ts';
import { maskError, maskErrors } from '#platform/server/errors/mask-error.ts';
import { asGraphQLError, serveOperations, type SocketExtra } from './operation-socket.ts';
import {
  CLIENT_ADDRESS_HEADER,
  GATEWAY_SECRET_HEADER,
  REQUEST_ID_HEADER,
  type RequestContext,
} from '#platform/server/request-context.ts';
import { variableErrors } from '#platform/server/schema/variables.ts';

export interface SubscriptionServerOptions<Context extends RequestContext> {
  readonly schema: GraphQLSchema;
  readonly server: Server;
  createContext(request: RequestContext): Context;
  readonly verifyToken: VerifyToken;
  isGateway(secret: unknown): boolean;
  readonly hasEnded: HasEnded;
  readonly logger: Logger;
}

const PATH = '/graphql';
const HEARTBEAT_MS = 12_000;
/** For the gateway to answer that the socket is to be closed, when the service stops. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * The `graphql-transport-ws` side of a subgraph. The gateway shows its secret in `connection_init`. As it carries many
 * clients over one socket, each subscribe message may name its client in `extensions.headers`; otherwise the headers of
 * `connection_init` count.
 */
export function serveSubscriptions<Context extends RequestContext>(
  options: SubscriptionServerOptions<Context>,
): AsyncDisposable {
  const { schema, server, logger } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: SUBGRAPH_REQUEST_BYTES,
    // One message a turn of the event loop: what a gateway sends in one piece shares it with everybody else's queries.
    allowSynchronousEvents: false,
    handleProtocols,
  });
  const mask = (error: GraphQLError) => maskError(error, 'unknown', logger);
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Until it is a WebSocket, nobody else listens to what goes wrong with it.
    socket.on('error', () => socket.destroy());
    if (hostFault(request) !== undefined) return refuse(socket, '400 Bad Request');
    // Not parsed as a URL: `//` is a path that anybody may ask for, and none that can be parsed.
    if (request.url?.split('?', 1)[0] !== PATH) return refuse(socket, '404 Not Found');
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      serveOperations(operations, webSocket, request, { logger, heartbeatMs: HEARTBEAT_MS, mask }),
    );
  };
  server.on('upgrade', upgrade);

  const operations = makeServer<Record<string, unknown>, SocketExtra>({
    schema,
    validate: (of, document) => validate(of, document, specifiedRules, { hideSuggestions: true }),
    onConnect: ({ connectionParams, extra }) => {
      const secret =
        connectionParams?.[GATEWAY_SECRET_HEADER] ?? extra.request.headers[GATEWAY_SECRET_HEADER];
      return options.isGateway(secret); // false closes with 4403
    },
    context: async (connection, _id, payload) => {
      const headers = {
        ...textsOf(connection.connectionParams),
        ...textsOf(payload.extensions?.['headers']),
      };
      const cursor = payload.extensions?.['cursor'];
      const requestId = headers[REQUEST_ID_HEADER] ?? uuidv7();
      return options.createContext({
        actor: await options.verifyToken(headers['authorization']),
        requestId,
        clientAddress: headers[CLIENT_ADDRESS_HEADER],
        resumeAfter: typeof cursor === 'string' || typeof cursor === 'number' ? String(cursor) : null,
      });
    },
    execute: (args) => refusedVariables(args) ?? execute(args),
    subscribe: (args) => {
      const refused = refusedVariables(args);
      if (refused !== null) return refused;
      return subscribeWithCursor(
        args,
        () => options.createContext(args.contextValue as Context),
        options.hasEnded,
      );
    },
    onNext: (_connection, _id, _payload, args, result) =>
      maskResult(result, (args.contextValue as Context).requestId, logger),
    onError: (_connection, _id, _payload, errors) =>
      maskErrors(errors.map(asGraphQLError), 'unknown', logger) as GraphQLError[],
  });

  return {
    async [Symbol.asyncDispose]() {
      server.off('upgrade', upgrade);
      await Promise.all(
        Array.from(
          sockets.clients,
          (socket) =>
            new Promise<void>((resolve) => {
              const cut = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
              socket.once('close', () => {
                clearTimeout(cut);
                resolve();
              });
              socket.close(1012, 'Service restart');
            }),
        ),
      );
      sockets.close();
    },
  };
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function refusedVariables(args: ExecutionArgs): ExecutionResult | null {
  const errors = variableErrors(args.schema, args.document, args.operationName, args.variableValues);
  return errors.length > 0 ? { errors } : null;
}

function maskResult(result: ExecutionResult, requestId: string, logger: Logger): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = maskErrors(result.errors.map(asGraphQLError), requestId, logger);
  return { ...result, errors: errors as unknown as GraphQLError[] };
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .map(([name, text]) => [name.toLowerCase(), text]),
  );
}
