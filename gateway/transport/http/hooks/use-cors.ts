import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

const PREFLIGHT_MAX_AGE_S = 600;

/** Lets pages of `origins` call the gateway, with credentials. Without any, no page of another origin may. */
export async function useCors(app: FastifyInstance, origins: readonly (string | RegExp)[]): Promise<void> {
  if (origins.length === 0) return;
  await app.register(cors, {
    origin: [...origins],
    credentials: true,
    methods: ['GET', 'POST', 'OPTIONS'],
    maxAge: PREFLIGHT_MAX_AGE_S,
    exposedHeaders: ['x-request-id', 'retry-after'],
  });
}

/** Whether pages of `origin` may call the gateway. */
export function isAllowedOrigin(origins: readonly (string | RegExp)[], origin: string): boolean {
  return origins.some((allowed) =>
    typeof allowed === 'string' ? allowed === origin || allowed === '*' : allowed.test(origin),
  );
}
