import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/config.ts';
import type { ClientContext, Gateway } from '#gateway/gateway.ts';
import type { ErrorMask } from '#gateway/plugins/use-error-masking.ts';
import { useCors } from '#gateway/plugins/use-cors.ts';
import { useMetrics } from '#gateway/plugins/use-metrics.ts';
import { useOverload } from '#gateway/plugins/use-overload.ts';
import { requestIdOf, useRequestId } from '#gateway/plugins/use-request-id.ts';
import { forwardHeaders } from '#gateway/upstream/forwarded-headers.ts';
import { createApollo } from './apollo.ts';
import { type ClientAddress, createClientAddress } from './client-address.ts';
import { serveExplorer } from './explorer.ts';
import { answerPlainPosts, type GraphqlOverHttp } from './graphql-over-http.ts';
import { createInFlight, type InFlight } from './in-flight.ts';
import { encodeFor } from './outgoing-buffers.ts';
import { createLiveEndpoint, type LiveEndpoint } from '#gateway/transport/live/live-endpoint.ts';
import { shareRequests } from './share-requests.ts';

export const GRAPHQL_PATH = '/graphql';
const HEALTH_PATH = '/health';
/** `x-query-plan: 1` puts the plan into `extensions.queryPlan`; ignored in production. */
const QUERY_PLAN_HEADER = 'x-query-plan';
/** For a client to send its whole request; Fastify by itself would wait for ever. */
const REQUEST_TIMEOUT_MS = 30_000;
const JSON_TYPE = 'application/json; charset=utf-8';

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  /** Refuses new requests and resolves when those in flight have ended, or the bound has passed. */
  drain(): Promise<void>;
}

interface Deps {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly gateway: Gateway;
  readonly mask: ErrorMask;
}

/**
 * Serves the endpoint, its health and, where they are on, explorers and metrics. Rejects when the address is taken.
 * @throws {ListenError}
 */
export async function serveHttp({ config, logger, gateway, mask }: Deps): Promise<HttpServer> {
  const inFlight = createInFlight();
  const unshared = answerPlainPosts(await createApollo({ config, logger, gateway }), gateway);
  const graphql = config.shareRequests ? shareRequests(unshared, gateway) : unshared;
  const clientAddress = createClientAddress(config.http.trustedProxies);
  const live = createLiveEndpoint({
    path: GRAPHQL_PATH,
    clientAddress,
    gateway,
    upstream: config.upstream,
    live: config.live,
    mask,
    logger,
  });
  const app = Fastify({
    logger: false,
    bodyLimit: config.limits.maxBodyBytes,
    genReqId: requestIdOf,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  // The body stays text until it is known that it has to be read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );

  await useCors(app, config.corsOrigins);
  useRequestId(app);
  useOverload(app, config.limits, inFlight);
  if (config.metrics) useMetrics(app, { graphqlPath: GRAPHQL_PATH, inFlight, live: live.metrics });
  useErrorAnswers(app, logger);
  serveHealth(app, gateway, inFlight);
  if (config.explorer) serveExplorer(app, GRAPHQL_PATH);
  serveGraphql(app, { config, graphql, live, inFlight, clientAddress });
  live.attach(app.server);

  const url = await listen(app, config);
  return {
    url,
    async drain() {
      await Promise.all([inFlight.drain(config.shutdownTimeoutMs), live.drain()]);
    },
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]();
      await app.close();
      await graphql[Symbol.asyncDispose]();
    },
  };
}

interface Endpoint {
  readonly config: GatewayConfig;
  readonly graphql: GraphqlOverHttp;
  readonly live: LiveEndpoint;
  readonly inFlight: InFlight;
  readonly clientAddress: ClientAddress;
}

function serveGraphql(
  app: FastifyInstance,
  { config, graphql, live, inFlight, clientAddress }: Endpoint,
): void {
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    async handler(request, reply) {
      const headers = forwardHeaders(
        request.headers,
        config.upstream.forwardHeaders,
        request.id,
        clientAddress(request.headers, request.raw.socket.remoteAddress),
      );
      if (live.http.answer(request, reply, headers)) return reply;
      const gone = new AbortController();
      inFlight.begin(reply.raw, () => gone.abort());
      const client: ClientContext = {
        headers,
        signal: gone.signal,
        requestId: request.id,
        queryPlan: request.headers[QUERY_PLAN_HEADER] === '1',
      };
      const answer = await graphql.answer(request, client);
      void reply.code(answer.status);
      for (const [name, value] of answer.headers) void reply.header(name, value);
      const { body } = answer;
      if (typeof body === 'string') return reply.send(encodeFor(reply.raw, body));
      return reply.send(Buffer.isBuffer(body) ? body : Readable.from(body));
    },
  });
}

function serveHealth(app: FastifyInstance, gateway: Gateway, inFlight: InFlight): void {
  app.get(HEALTH_PATH, (_request, reply) => {
    const status = inFlight.draining ? 'draining' : 'ready';
    void reply
      .code(inFlight.draining ? 503 : 200)
      .send({ status, supergraph: gateway.current.supergraph.id, inFlight: inFlight.size });
  });
}

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'HEADERS_TOO_LARGE',
};

/** Whatever goes wrong before GraphQL is answered in GraphQL's form all the same. */
function useErrorAnswers(app: FastifyInstance, logger: Logger): void {
  const answer = (reply: FastifyReply, status: number, message: string, requestId: string) => {
    const code = CODES[status] ?? 'INTERNAL_SERVER_ERROR';
    return reply
      .code(status)
      .header('content-type', JSON_TYPE)
      .send(JSON.stringify({ errors: [{ message, extensions: { code, requestId } }] }));
  };
  app.setErrorHandler((error, request, reply) => {
    // Nobody is there to be told.
    if (request.raw.socket.destroyed) return reply.hijack();
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status >= 500) logger.error({ err: error, requestId: request.id }, 'request failed');
    const message = status >= 500 || !(error instanceof Error) ? 'Internal server error' : error.message;
    return answer(reply, status, message, request.id);
  });
  app.setNotFoundHandler((request, reply) => {
    return answer(reply, 404, `There is nothing at ${request.method} ${request.url}.`, request.id);
  });
}

/** The address cannot be had; the message names the setting to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const WHY_NOT_LISTEN: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken: choose another with PORT or --port',
  EACCES: 'is not for this account to use: choose another with PORT or --port',
  EADDRNOTAVAIL: 'is no address of this machine: choose another with HOST',
  ENOTFOUND: 'is no address of this machine: choose another with HOST',
};

async function listen(app: FastifyInstance, { host, port }: GatewayConfig): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why = WHY_NOT_LISTEN[code];
    if (why === undefined) throw cause;
    throw new ListenError(`port ${port} on ${host} ${why}`, { cause });
  }
  const { address, port: actual, family } = app.server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}${GRAPHQL_PATH}`;
}
