import type { FastifyInstance } from 'fastify';
import { failureKind } from '#platform/postgres/failures.ts';
import type { Logger } from '#platform/telemetry/logger.ts';
import { GATEWAY_SECRET_HEADER } from './request-context.ts';

export interface HealthOptions {
  /** Throws while the service cannot do its work. */
  checkHealth(): Promise<void>;
  isGateway(secret: unknown): boolean;
  readonly logger: Logger;
}

/** How often at most the same reason is logged: health is asked for every few seconds. */
const SAY_AGAIN_MS = 60_000;

/**
 * `GET /health/live`: this process answers; where it does not, start it anew. `GET /health/ready` and `GET /health`: it can
 * do its work, too, writing included; otherwise 503 with a reason, and requests are better sent elsewhere. Whoever shows a
 * gateway's secret learns whether it is the right one: 403 where not.
 */
export function serveHealth(app: FastifyInstance, { checkHealth, isGateway, logger }: HealthOptions): void {
  let said: { reason: string; at: number } | null = null;
  let checking: Promise<void> | null = null;

  /** Whoever asks while others ask waits for the same answer: asking costs the database, and anybody may. */
  function check(): Promise<void> {
    checking ??= checkHealth().finally(() => {
      checking = null;
    });
    return checking;
  }

  function say(reason: string, error: unknown): void {
    if (said?.reason === reason && performance.now() - said.at < SAY_AGAIN_MS) return;
    said = { reason, at: performance.now() };
    logger.warn({ error, reason }, 'not ready');
  }

  app.get('/health/live', async () => ({ status: 'ok' }));
  for (const path of ['/health', '/health/ready']) {
    app.get(path, async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const secret = request.headers[GATEWAY_SECRET_HEADER];
      if (secret !== undefined && !isGateway(secret))
        return reply.code(403).send({ status: 'refused', reason: 'secret refused' });
      try {
        await check();
        said = null;
        return { status: 'ok' };
      } catch (error) {
        const kind = failureKind(error);
        const reason = kind === null ? 'unknown' : `database ${kind}`;
        say(reason, error);
        return reply.code(503).send({ status: 'unavailable', reason });
      }
    });
  }
}
