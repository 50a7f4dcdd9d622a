import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { REQUEST_ID_HEADER } from '#gateway/upstream/forwarded-headers.ts';

/** What may safely stand in logs and headers, and is no longer than any usual id. */
const ACCEPTABLE = /^[\w.:/+=@-]{1,128}$/;

/** Fastify's `genReqId`: the client's `x-request-id` where it is fit to be used, else a new one. */
export function requestIdOf(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && ACCEPTABLE.test(given) ? given : randomUUID();
}

/** Echoes the id of every request, so that a client can name it when it complains. */
export function useRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
    done();
  });
}
