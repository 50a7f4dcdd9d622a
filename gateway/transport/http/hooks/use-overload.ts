import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Admission, OVERLOADED } from '#gateway/admission.ts';
import type { LimitsConfig } from '#gateway/settings.ts';
import { errorBody } from '#gateway/transport/refusal.ts';
import { HEALTH_PATHS } from '#gateway/transport/http/health.ts';
import { METRICS_PATH } from '#gateway/plugins/use-metrics.ts';

const SAMPLE_MS = 250;
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;
export const RETRY_AFTER_S = 1;

/** Requests that must be answered even then: they say how the gateway is. */
const ALWAYS_SERVED = new Set([...HEALTH_PATHS, METRICS_PATH]);

/**
 * Answers 503 with `retry-after` at once while more requests are in flight than may be, while the event loop lags, or
 * while the gateway drains: a client that is told early goes elsewhere, one that waits makes it worse.
 */
export function useOverload(app: FastifyInstance, limits: LimitsConfig, admission: Admission): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const sampling = setInterval(() => {
    // The histogram counts from one sample to the next, the timer's own resolution included.
    admission.lagging = delay.mean / NANOSECONDS_PER_MS - RESOLUTION_MS > limits.maxEventLoopDelayMs;
    delay.reset();
  }, SAMPLE_MS).unref();

  app.addHook('onRequest', (request, reply, done) => {
    const reason = admission.refusal();
    if (reason === undefined || ALWAYS_SERVED.has(request.url.split('?', 1)[0] ?? '')) done();
    else void answerOverloaded(reply, reason);
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(sampling);
    delay.disable();
    done();
  });
}

export function answerOverloaded(reply: FastifyReply, reason: string): FastifyReply {
  return reply
    .code(503)
    .header('retry-after', RETRY_AFTER_S)
    .header('connection', 'close')
    .header('content-type', 'application/json; charset=utf-8')
    .send(errorBody(OVERLOADED, reason));
}
