import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import type { GatewayConfig } from '#gateway/settings.ts';
import { requestIdOf } from './hooks/use-request-id.ts';
import { isWebSocketUpgrade } from '#platform/http/request-head.ts';
import { errorBody } from '#gateway/transport/refusal.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Node looks for connections whose time is up so often, at least. */
const MOST_CHECKING_MS = 5_000;
/** Times that a setting gives are kept to this share of them. */
const CHECKS_IN_A_TIMEOUT = 4;

/** A server that holds clients to HTTP and to their time. It listens to nothing yet and has no routes. */
export function createApp({ http, limits }: GatewayConfig): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    genReqId: requestIdOf,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    requestTimeout: http.requestTimeoutMs,
    keepAliveTimeout: http.keepAliveTimeoutMs,
    http: {
      headersTimeout: http.requestTimeoutMs,
      keepAliveTimeoutBuffer: 0,
      connectionsCheckingInterval: Math.min(
        Math.ceil(http.requestTimeoutMs / CHECKS_IN_A_TIMEOUT),
        MOST_CHECKING_MS,
      ),
      shouldUpgradeCallback: isWebSocketUpgrade,
    },
    clientErrorHandler: answerClientError,
    // What the router cannot read, such as a broken percent-encoding.
    frameworkErrors(error, request, reply) {
      const body = errorBody('BAD_REQUEST', 'The URL cannot be read.', request.id);
      reply.raw
        .writeHead(error.statusCode ?? 400, {
          'content-type': JSON_TYPE,
          'content-length': Buffer.byteLength(body),
        })
        .end(body);
    },
  });
  app.server.on('checkContinue', (request, response) => {
    // A body that will be refused for its length need not be sent: the refusal is the answer (RFC 9110, 10.1.1).
    if (!(Number(request.headers['content-length']) > limits.maxBodyBytes)) response.writeContinue();
    app.server.emit('request', request, response);
  });
  return app;
}

interface ClientFault {
  readonly status: string;
  readonly code: string;
  readonly message: string;
}

const FAULTS: Readonly<Record<string, ClientFault>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'REQUEST_TIMEOUT',
    message: 'The request took too long to arrive.',
  },
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'HEADERS_TOO_LARGE',
    message: 'The headers are too large.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: '413 Payload Too Large',
    code: 'PAYLOAD_TOO_LARGE',
    message: 'The chunk extensions are too large.',
  },
};
const NO_HTTP: ClientFault = {
  status: '400 Bad Request',
  code: 'BAD_REQUEST',
  message: 'The request is no HTTP.',
};

/** What Node's parser refuses, before there is a request. It says nothing of the parser. */
function answerClientError(this: FastifyInstance, error: Error & { code?: string }, socket: Socket): void {
  const answering = '_httpMessage' in socket && socket._httpMessage != null;
  if (error.code === 'ECONNRESET' || !socket.writable || answering) {
    socket.destroy();
    return;
  }
  const { status, code, message } = FAULTS[error.code ?? ''] ?? NO_HTTP;
  const body = errorBody(code, message);
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: ${JSON_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    // A peer that does not close its own side is not waited for.
    () => socket.destroySoon(),
  );
}

/** The methods that a path takes, as `Allow` lists them; empty where there is nothing. */
export function allowedMethods(app: FastifyInstance<Server>, url: string): string[] {
  const [path = '/'] = url.split('?', 1);
  // `OPTIONS *` asks what the server takes anywhere.
  const methods = (['GET', 'HEAD', 'POST'] as const).filter(
    (method) => path === '*' || app.hasRoute({ method, url: path }),
  );
  return methods.length === 0 ? [] : [...methods, 'OPTIONS'];
}
