import type { UserActor } from '#platform/auth/actor.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import { isEndedSession } from '../db/session.queries.ts';

/**
 * Whether the session of this actor's token has ended, told from the sessions themselves. One that is gone with its
 * account is for the commands to notice, which look for the account anyway.
 */
export async function hasEnded(db: Queryable, { sessionId }: UserActor): Promise<boolean> {
  return sessionId !== undefined && isUuid(sessionId) && isEndedSession(db, sessionId);
}
