import type { FastifyInstance } from 'fastify';
import { DatabaseUnavailableError, failureKind } from '#platform/postgres/failures.ts';
import type { Logger } from '#platform/process/logger.ts';
import { GATEWAY_SECRET_HEADER } from './request-context.ts';

export interface HealthOptions {
  /** Throws while the service cannot do its work. */
  checkHealth(): Promise<void>;
  /** Throws while messages cannot be handed on or taken. */
  checkBus?(): Promise<void>;
  isGateway(secret: unknown): boolean;
  readonly logger: Logger;
}

/** How often at most the same reason is logged: health is asked for every few seconds. */
const SAY_AGAIN_MS = 60_000;
/** Whoever asks for the health waits for the bus no longer than this: a probe that gives up would say more than is true. */
const BUS_WAIT_MS = 1_000;
/** The same for the database: one whose connections are all taken is found out when somebody has waited for one, 5 s. */
const DATABASE_WAIT_MS = 2_500;

/**
 * `GET /health/live`: this process answers; where it does not, start it anew. `GET /health/ready` and `GET /health`: it can
 * do its work, too, writing included; otherwise 503 with a reason, and requests are better sent elsewhere. Whoever shows a
 * gateway's secret learns whether it is the right one: 403 where not.
 *
 * Without its bus a service is ready, and says that it is `degraded`. All that is asked of it is answered or kept: reads and
 * log-ins need no message, and what a write has to tell waits in the outbox, so that what comes after is late and not lost.
 * All replicas have the same bus: to turn requests away from each would make of what is late something that is away.
 */
export function serveHealth(
  app: FastifyInstance,
  { checkHealth, checkBus, isGateway, logger }: HealthOptions,
): void {
  let said: { reason: string; at: number } | null = null;
  const check = shared(() => withinMs(DATABASE_WAIT_MS, checkHealth()));
  const checkMessages = shared(async () => {
    if (checkBus !== undefined) await withinMs(BUS_WAIT_MS, checkBus());
  });

  function say(reason: string, error: unknown, what: string): void {
    if (said?.reason === reason && performance.now() - said.at < SAY_AGAIN_MS) return;
    said = { reason, at: performance.now() };
    logger.warn({ error, reason }, what);
  }

  app.get('/health/live', async () => ({ status: 'ok' }));
  for (const path of ['/health', '/health/ready']) {
    app.get(path, async (request, reply) => {
      reply.header('cache-control', 'no-store');
      const secret = request.headers[GATEWAY_SECRET_HEADER];
      if (secret !== undefined && !isGateway(secret))
        return reply.code(403).send({ status: 'refused', reason: 'secret refused' });
      const [own, bus] = await Promise.allSettled([check(), checkMessages()]);
      if (own.status === 'rejected') {
        const reason = reasonOf('database', own.reason);
        say(reason, own.reason, 'not ready');
        return reply.code(503).send({ status: 'unavailable', reason });
      }
      if (bus.status === 'rejected') {
        const reason = reasonOf('bus', bus.reason);
        say(reason, bus.reason, 'ready without its bus: messages wait');
        return { status: 'degraded', reason };
      }
      said = null;
      return { status: 'ok' };
    });
  }
}

/** Whoever asks while others ask waits for the same answer: asking costs the database, and anybody may. */
function shared(check: () => Promise<void>): () => Promise<void> {
  let checking: Promise<void> | null = null;
  return () => {
    checking ??= check().finally(() => {
      checking = null;
    });
    return checking;
  };
}

async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new DatabaseUnavailableError('slow', `No answer within ${ms} ms.`)),
    ms,
  );
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(what: 'database' | 'bus', error: unknown): string {
  const kind = failureKind(error);
  if (kind !== null) return `${what} ${kind}`;
  return what === 'bus' ? 'bus unknown' : 'unknown';
}
