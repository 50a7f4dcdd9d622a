import Fastify from 'fastify';
import type { Logger } from 'pino';
import type { GatewayConfig } from '#gateway/config.ts';
import type { Gateway } from '#gateway/gateway.ts';
import { createErrorMask } from '#gateway/plugins/use-error-masking.ts';
import type { LiveConfig } from '#gateway/subscriptions/live-config.ts';
import { createLiveEndpoint } from '#gateway/transport/live/live-endpoint.ts';
import { createClientAddress } from '#gateway/transport/client-address.ts';
import { forwardHeaders } from '#gateway/upstream/forwarded-headers.ts';

const PATH = '/graphql';

/** The live endpoint on a server of its own. */
export async function serveForTest(
  gateway: Gateway,
  config: GatewayConfig,
  live: LiveConfig,
  logger: Logger,
) {
  const endpoint = createLiveEndpoint({
    path: PATH,
    clientAddress: createClientAddress(config.http.trustedProxies),
    gateway,
    upstream: config.upstream,
    live,
    mask: createErrorMask(config, logger),
    logger,
  });
  const app = Fastify({ forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  app.route({
    method: ['GET', 'POST'],
    url: PATH,
    handler(request, reply) {
      const forwarded = forwardHeaders(request.headers, config.upstream.forwardHeaders, request.id);
      if (!endpoint.http.answer(request, reply, forwarded)) void reply.code(406).send();
    },
  });
  endpoint.attach(app.server);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `${url}${PATH}`,
    metrics: endpoint.metrics,
    drain: endpoint.drain,
    async [Symbol.asyncDispose]() {
      await endpoint[Symbol.asyncDispose]();
      await app.close();
    },
  };
}
