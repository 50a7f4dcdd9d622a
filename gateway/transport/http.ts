import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/settings.ts';
import type { Engine } from '#gateway/engine.ts';
import type { ClientContext } from '#gateway/request.ts';
import type { Subscriptions } from '#gateway/live/subscriptions.ts';
import { useCors } from './http/hooks/use-cors.ts';
import { useMetrics } from '#gateway/plugins/use-metrics.ts';
import { answerOverloaded, RETRY_AFTER_S, useOverload } from './http/hooks/use-overload.ts';
import { useRequestId } from './http/hooks/use-request-id.ts';
import { useSecurityHeaders } from './http/hooks/use-security-headers.ts';
import { forwardHeaders } from '#gateway/subgraphs/forwarded-headers.ts';
import { chooseStream, wantedAnswer } from './http/accept.ts';
import { createClientAddress } from './client-address.ts';
import { hasRequest } from './graphql-request.ts';
import { useJsonBodies } from './http/hooks/use-json-bodies.ts';
import { useErrorAnswers } from './http/hooks/use-error-answers.ts';
import {
  createGraphqlOverHttp,
  type GraphqlOverHttp,
  type HttpAnswer,
  isBatch,
} from './http/graphql-over-http.ts';
import { serveHealth } from './http/health.ts';
import { addVary } from './http/vary.ts';
import { createOpenAnswers, type OpenAnswers } from './http/open-answers.ts';
import { encodeFor } from './http/outgoing-buffers.ts';
import { useTurns } from './http/pipelining.ts';
import { createApp } from './http/server-options.ts';
import { createSharedAnswers, type SharedAnswers } from './http/share-requests.ts';
import { createLiveEndpoint, type LiveEndpoint } from './live/live-endpoint.ts';
import { servePages, type Pages } from './pages/pages.ts';
import { createPersistedQueries } from './persisted-queries.ts';

export const GRAPHQL_PATH = '/graphql';
/** `x-query-plan: 1` puts the plan into `extensions.queryPlan`; ignored in production. */
const QUERY_PLAN_HEADER = 'x-query-plan';

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  /** Refuses new requests and resolves when those in flight have ended, or the bound has passed. */
  drain(): Promise<void>;
}

interface Deps {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly engine: Engine;
  readonly live: Subscriptions;
}

/**
 * Serves the endpoint, its health and, where they are on, explorers and metrics. Rejects when the address is taken.
 * @throws {ListenError}
 */
export async function serveHttp({ config, logger, engine, live: subscriptions }: Deps): Promise<HttpServer> {
  const { admission } = engine;
  const clientAddress = createClientAddress(config.http.trustedProxies);
  const persisted = createPersistedQueries();
  const live = createLiveEndpoint({
    path: GRAPHQL_PATH,
    clientAddress,
    subscriptions,
    upstream: config.upstream,
    live: config.live,
    persisted,
    compressStreams: config.http.compressStreams,
    corsOrigins: config.corsOrigins,
    logger,
  });
  const app = createApp(config);
  useTurns(app);
  useJsonBodies(app, config.limits.maxBodyBytes);
  useRequestId(app);
  useSecurityHeaders(app);
  useErrorAnswers(app, logger);
  await useCors(app, config.corsOrigins);
  useOverload(app, config.limits, admission);
  if (config.metrics)
    useMetrics(app, {
      graphqlPath: GRAPHQL_PATH,
      admission,
      live: subscriptions.metrics,
      planning: engine.planningMetrics,
      plannedBytes: () => engine.current.planning.bytes,
    });
  serveHealth(app, engine);
  const pages = await servePages(app, {
    endpoint: GRAPHQL_PATH,
    explorer: config.explorer,
    examplesFile: config.http.explorerExamples,
  });
  const openAnswers = createOpenAnswers(admission, config.http.requestTimeoutMs);
  const clientOf = (request: FastifyRequest, signal: AbortSignal): ClientContext => ({
    headers: forwardHeaders(
      request.headers,
      config.upstream.forwardHeaders,
      request.id,
      clientAddress(request.headers, request.raw.socket.remoteAddress),
    ),
    signal,
    requestId: request.id,
    queryPlan: request.headers[QUERY_PLAN_HEADER] === '1',
    counted: true,
  });
  const graphql = createGraphqlOverHttp({
    engine,
    persisted,
    corsOrigins: config.corsOrigins,
    maxBatch: config.batching ? config.http.maxBatch : 0,
    compressFrom: config.http.compressFromBytes,
  });
  const shared = config.shareRequests ? createSharedAnswers(engine) : undefined;
  serveGraphql(app, { engine, graphql, shared, live, openAnswers, pages, clientOf });
  live.attach(app.server);

  const url = await listen(app, config);
  return {
    url,
    async drain() {
      await Promise.all([admission.drain(config.shutdownTimeoutMs), live.drain()]);
    },
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]();
      await app.close();
      openAnswers[Symbol.dispose]();
    },
  };
}

interface Endpoint {
  readonly engine: Engine;
  readonly graphql: GraphqlOverHttp;
  readonly shared: SharedAnswers | undefined;
  readonly live: LiveEndpoint;
  readonly openAnswers: OpenAnswers;
  readonly pages: Pages;
  readonly clientOf: (request: FastifyRequest, signal: AbortSignal) => ClientContext;
}

function serveGraphql(app: FastifyInstance, endpoint: Endpoint): void {
  const { engine, graphql, shared, live, openAnswers, pages, clientOf } = endpoint;
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    async handler(request, reply) {
      const wanted = wantedAnswer(request.headers.accept);
      if (request.method !== 'POST' && wanted.page && !hasRequest(request.query as Record<string, unknown>)) {
        const page = pages.sandbox(reply);
        if (page !== undefined) return page;
      }
      // Others may have come while this one's body was on its way.
      const refusal = engine.admission.refusal();
      if (refusal !== undefined) return answerOverloaded(reply, refusal);
      const gone = new AbortController();
      const client = clientOf(request, gone.signal);
      const key = shared?.keyOf(request, client);
      const start = async (whose: ClientContext) =>
        graphql.answer(graphql.read(request), request, wanted, whose);
      if (shared !== undefined && key !== undefined && shared.has(key)) {
        openAnswers.begin(reply.raw, () => gone.abort());
        if (engine.current.planning.pending > 0) shared.alsoWaits(graphql.read(request), client);
        return send(reply, request, await shared.join(key, client, start));
      }
      const asked = graphql.read(request);
      if (wanted.streams.length > 0 && request.method !== 'HEAD' && !isBatch(asked)) {
        const stream = chooseStream(wanted, graphql.kindOf(asked));
        if (stream !== undefined) return live.http.open(stream, asked, request, reply, client.headers);
      }
      openAnswers.begin(reply.raw, () => gone.abort());
      const answer =
        shared !== undefined && key !== undefined && shared.isShareable(asked)
          ? await shared.join(key, client, start)
          : await graphql.answer(asked, request, wanted, client);
      return send(reply, request, answer);
    },
  });
}

function send(reply: FastifyReply, request: FastifyRequest, answer: HttpAnswer): FastifyReply {
  const { status, contentType, contentEncoding, body } = answer;
  void reply.code(status).header('content-type', contentType);
  if (status === 503) void reply.header('retry-after', RETRY_AFTER_S);
  if (contentEncoding !== undefined) void reply.header('content-encoding', contentEncoding);
  // What is no POST may be kept by caches.
  if (request.method !== 'POST') addVary(reply, 'accept, accept-encoding');
  else if (contentEncoding !== undefined) addVary(reply, 'accept-encoding');
  return reply.send(typeof body === 'string' ? encodeFor(reply.raw, body) : body);
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
