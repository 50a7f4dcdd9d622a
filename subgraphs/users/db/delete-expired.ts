import type { Queryable } from '#platform/postgres/database.ts';
import { ORIGIN_REMEMBERED_MS } from '../domain/password-attempts.ts';
import { deleteOriginsNotSeenSince } from './known-origin.queries.ts';
import { deletePastAttempts } from './password-attempt.queries.ts';
import { deleteExpiredSessions } from './session.queries.ts';

/** Deletes what time alone has made meaningless. Several processes may do so at once. */
export async function deleteExpired(db: Queryable, now: Date): Promise<void> {
  await deleteExpiredSessions(db, now);
  await deletePastAttempts(db, now);
  await deleteOriginsNotSeenSince(db, new Date(now.getTime() - ORIGIN_REMEMBERED_MS));
}
