import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { isFitRequestId, REQUEST_ID_HEADER } from '#gateway/subgraphs/forwarded-headers.ts';

/** Fastify's `genReqId`: the client's `x-request-id` where it is fit to be used, else a new one. */
export function requestIdOf(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && isFitRequestId(given) ? given : randomUUID();
}

/** Echoes the id of every request, so that a client can name it when it complains. */
export function useRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
    done();
  });
}
