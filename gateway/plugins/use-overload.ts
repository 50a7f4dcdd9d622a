import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import type { LimitsConfig } from '#gateway/config.ts';
import type { InFlight } from '#gateway/transport/in-flight.ts';
import { METRICS_PATH } from './use-metrics.ts';

const SAMPLE_MS = 250;
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_MS = 1e6;
const RETRY_AFTER_S = 1;

/** Requests that must be answered even then: they say how the gateway is. */
const ALWAYS_SERVED = new Set(['/health', METRICS_PATH]);

/**
 * Answers 503 with `retry-after` at once while more requests are in flight than may be, while the event loop lags, or
 * while the gateway drains: a client that is told early goes elsewhere, one that waits makes it worse.
 */
export function useOverload(app: FastifyInstance, limits: LimitsConfig, inFlight: InFlight): void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let lagging = false;
  delay.enable();
  const sampling = setInterval(() => {
    // The histogram counts from one sample to the next, the timer's own resolution included.
    lagging = delay.mean / NANOSECONDS_PER_MS - RESOLUTION_MS > limits.maxEventLoopDelayMs;
    delay.reset();
  }, SAMPLE_MS).unref();

  app.addHook('onRequest', (request, reply, done) => {
    const reason = inFlight.draining
      ? 'The gateway is shutting down.'
      : inFlight.size >= limits.maxInFlight || lagging
        ? 'The gateway is overloaded.'
        : undefined;
    if (reason === undefined || ALWAYS_SERVED.has(request.url)) {
      done();
      return;
    }
    void reply
      .code(503)
      .header('retry-after', RETRY_AFTER_S)
      .header('connection', 'close')
      .header('content-type', 'application/json; charset=utf-8')
      .send(JSON.stringify({ errors: [{ message: reason, extensions: { code: 'OVERLOADED' } }] }));
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(sampling);
    delay.disable();
    done();
  });
}
