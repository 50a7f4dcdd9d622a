import type { UserActor } from '#platform/auth/actor.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import { isWithoutSession } from '../../db/session.queries.ts';

/**
 * Whether the session of this actor's token has ended, told from the sessions themselves: one whose row somebody deleted has,
 * and the other services hear so, too. An account that is gone is for the commands to notice, which look for it anyway.
 */
export async function hasEnded(db: Queryable, { userId, sessionId }: UserActor): Promise<boolean> {
  if (sessionId === undefined || !isUuid(sessionId) || !isUuid(userId)) return false;
  return isWithoutSession(db, userId, sessionId);
}
