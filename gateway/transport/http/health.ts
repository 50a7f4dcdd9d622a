import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Engine } from '#gateway/engine.ts';

const HEALTH_PATH = '/health';
const LIVE_PATH = '/health/live';
const READY_PATH = '/health/ready';
/** Served whatever the load: they say how the gateway is. */
export const HEALTH_PATHS: readonly string[] = [HEALTH_PATH, LIVE_PATH, READY_PATH];

/**
 * `/health/live`: the process answers; if it does not, start it anew. `/health/ready`: it takes requests; if it does not,
 * send them elsewhere. `/health` is ready by another name.
 */
export function serveHealth(app: FastifyInstance, engine: Engine): void {
  const { admission } = engine;
  const ready = (reply: FastifyReply) =>
    reply
      .code(admission.draining ? 503 : 200)
      .header('cache-control', 'no-store')
      .send({
        status: admission.draining ? 'draining' : 'ready',
        supergraph: engine.current.supergraph.id,
        inFlight: admission.size,
      });
  app.get(HEALTH_PATH, (_request, reply) => ready(reply));
  app.get(READY_PATH, (_request, reply) => ready(reply));
  app.get(LIVE_PATH, (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'live' }));
}
