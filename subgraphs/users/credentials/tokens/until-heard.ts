import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '#platform/messaging/bus.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import type { Logger } from '#platform/process/logger.ts';
import { isEndUntold } from '../../db/session.queries.ts';

/** Those who change things on an access token's word. */
const LISTENERS = ['inventory', 'orders', 'payments'];
/** It takes some 50 ms. A service that is away must not keep anybody from logging out. */
const WAIT_MS = 500;
const POLL_MS = 10;

/**
 * Resolves once the other services have heard that these sessions ended, so that whoever is told so can rely on it; after
 * half a second in any case. Never rejects: the sessions have ended, whoever has heard of it.
 */
export type UntilHeard = (sessionIds: readonly string[]) => Promise<void>;

export function createUntilHeard({
  db,
  bus,
  logger,
}: {
  db: Queryable;
  bus: Bus;
  logger: Logger;
}): UntilHeard {
  return async (sessionIds) => {
    if (sessionIds.length === 0) return;
    try {
      const deadline = performance.now() + WAIT_MS;
      while (performance.now() < deadline && (await isEndUntold(db, sessionIds))) await delay(POLL_MS);
      const withinMs = Math.max(0, deadline - performance.now());
      if (await bus.caughtUp({ type: 'session.ended', consumers: LISTENERS, withinMs })) return;
      logger.warn({ sessionIds }, 'not every service has heard yet that these sessions ended');
    } catch (error) {
      logger.warn({ error, sessionIds }, 'whether others have heard that these sessions ended is not known');
    }
  };
}
