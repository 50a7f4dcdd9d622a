import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ExecutionResult, GraphQLError, type GraphQLSchema, specifiedRules, validate } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { uuidv7 } from 'uuidv7';
import { WebSocketServer } from 'ws';
import type { VerifyToken } from '#platform/auth/verify-token.ts';
import type { Logger } from '#platform/telemetry/logger.ts';
import type { HasEnded } from './ended-sessions.ts';
import { subscribeWithCursor } from './event-stream.ts';
import { maskErrors } from './mask-error.ts';
import { GATEWAY_SECRET_HEADER, type RequestContext, REQUEST_ID_HEADER } from './request-context.ts';
import { variableErrors } from './variables.ts';

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
const MAX_MESSAGE_BYTES = 1024 * 1024;
const KEEP_ALIVE_MS = 12_000;

/**
 * The `graphql-transport-ws` side of a subgraph. The gateway shows its secret in `connection_init`. As it carries many
 * clients over one socket, each subscribe message may name its client in `extensions.headers`; otherwise the headers of
 * `connection_init` count.
 */
export function serveSubscriptions<Context extends RequestContext>(
  options: SubscriptionServerOptions<Context>,
): AsyncDisposable {
  const { schema, server, logger } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (new URL(request.url ?? '/', 'http://subgraph').pathname !== PATH) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      sockets.emit('connection', webSocket, request),
    );
  };
  server.on('upgrade', upgrade);

  const running = useServer<Record<string, unknown>>(
    {
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
        return options.createContext({
          actor: await options.verifyToken(headers['authorization']),
          requestId: headers[REQUEST_ID_HEADER] ?? uuidv7(),
          resumeAfter: typeof cursor === 'string' || typeof cursor === 'number' ? String(cursor) : null,
        });
      },
      subscribe: (args) => {
        const errors = variableErrors(schema, args.document, args.operationName, args.variableValues);
        if (errors.length > 0) return { errors };
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
    },
    sockets,
    KEEP_ALIVE_MS,
  );

  return {
    async [Symbol.asyncDispose]() {
      server.off('upgrade', upgrade);
      for (const socket of sockets.clients) socket.close(1012, 'Service restart');
      await running.dispose();
      sockets.close();
    },
  };
}

function maskResult(result: ExecutionResult, requestId: string, logger: Logger): ExecutionResult {
  if (result.errors === undefined) return result;
  const errors = maskErrors(result.errors.map(asGraphQLError), requestId, logger);
  return { ...result, errors: errors as unknown as GraphQLError[] };
}

function asGraphQLError(error: unknown): GraphQLError {
  return error instanceof GraphQLError
    ? error
    : new GraphQLError(String(error), { originalError: error instanceof Error ? error : null });
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      .map(([name, text]) => [name.toLowerCase(), text]),
  );
}
