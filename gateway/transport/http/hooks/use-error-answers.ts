import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { wantedAnswer } from '#gateway/transport/http/accept.ts';
import { sse } from '#gateway/transport/live/http/sse.ts';
import { errorBody, RequestRefusal } from '#gateway/transport/refusal.ts';
import { hostFault } from '#platform/http/request-head.ts';
import { allowedMethods } from '#gateway/transport/http/server-options.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

const USUAL_METHODS = new Set(['POST', 'GET', 'HEAD']);

const CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'HEADERS_TOO_LARGE',
};

/** Whatever goes wrong before GraphQL is answered in GraphQL's form all the same, and tells nothing of the inside. */
export function useErrorAnswers(app: FastifyInstance, logger: Logger): void {
  const answer = (
    { id, headers }: FastifyRequest,
    reply: FastifyReply,
    status: number,
    code: string,
    message: string,
  ) =>
    reply
      .code(status)
      .header('content-type', wantedAnswer(headers.accept).json ?? JSON_TYPE)
      .send(errorBody(code, message, id));

  const nothingHere = (request: FastifyRequest, reply: FastifyReply) => {
    const allowed = allowedMethods(app, request.url);
    if (allowed.length === 0) return answer(request, reply, 404, 'NOT_FOUND', 'There is nothing here.');
    void reply.header('allow', allowed.join(', '));
    return answer(request, reply, 405, 'METHOD_NOT_ALLOWED', `Allowed are ${allowed.join(', ')}.`);
  };

  app.addHook('onRequest', (request, reply, done) => {
    const fault = hostFault(request.raw);
    if (fault !== undefined) {
      void reply.header('connection', 'close');
      return void answer(request, reply, 400, 'BAD_REQUEST', fault);
    }
    if (USUAL_METHODS.has(request.method)) return done();
    if (request.method !== 'OPTIONS') return void nothingHere(request, reply);
    if (request.headers['access-control-request-method'] !== undefined) return done();
    const allowed = allowedMethods(app, request.url);
    if (allowed.length === 0) return void nothingHere(request, reply);
    void reply.code(204).header('allow', allowed.join(', ')).send();
  });
  app.setErrorHandler((error, request, reply) => {
    // Nobody is there to be told.
    if (request.raw.socket.destroyed) return reply.hijack();
    if (error instanceof RequestRefusal) {
      void reply.headers(error.headers);
      // What is no fault of HTTP comes as the client expects its answers.
      if (error.statusCode === 200 && wantedAnswer(request.headers.accept).json === undefined) {
        const events = sse.opening + sse.ending({ kind: 'failed', errors: [error.toJSON()] });
        return reply.header('content-type', sse.contentType).send(events);
      }
      return answer(request, reply, error.statusCode, String(error.extensions['code']), error.message);
    }
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status >= 500 || !(error instanceof Error)) {
      logger.error({ err: error, requestId: request.id }, 'request failed');
      return answer(request, reply, 500, 'INTERNAL_SERVER_ERROR', 'Internal server error');
    }
    return answer(request, reply, status, CODES[status] ?? 'BAD_REQUEST', error.message);
  });
  app.setNotFoundHandler(nothingHere);
}
