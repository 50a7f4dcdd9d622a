import type { FastifyInstance } from 'fastify';

/** Has browsers take every answer for what its `Content-Type` says. Pages have more, see `transport/pages/page.ts`. */
export function useSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.raw.setHeader('x-content-type-options', 'nosniff');
    done();
  });
}
