import type { Queryable } from '#platform/postgres/database.ts';
import { deletePastAttempts } from './password-attempt.queries.ts';
import { deleteExpiredSessions } from './session.queries.ts';

/** Deletes what time alone has made meaningless. Several processes may do so at once. */
export async function deleteExpired(db: Queryable, now: Date): Promise<void> {
  await deleteExpiredSessions(db, now);
  await deletePastAttempts(db, now);
}
