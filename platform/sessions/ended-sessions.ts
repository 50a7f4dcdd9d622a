/**
 * An access token is good by itself for some minutes, wherever it is shown. What it may still do once its session has
 * ended (logged out, the password changed, the account closed) is decided by each service, from what users has told it:
 * `session.ended` is kept here, in the service's own database, and looked up before each mutation and live event.
 */
import { eq, lt, sql } from 'drizzle-orm';
import { pgSchema, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { UserActor } from '#platform/auth/actor.ts';
import type { MessageHandlers } from '#schema/messages.ts';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import type { MigrationSet } from '#platform/postgres/migrate.ts';

export const SESSIONS_MIGRATIONS: MigrationSet = {
  name: 'sessions',
  folder: new URL('./migrations/', import.meta.url),
};

/** Longer than any access token lives. */
const REMEMBERED_MINUTES = 60;

const ended = pgSchema('sessions').table('ended', {
  sessionId: uuid('session_id').primaryKey(),
  forgetAt: timestamp('forget_at', { withTimezone: true, mode: 'date' }).notNull(),
});

/** What a service's inbox adds to its own handlers. */
export const sessionHandlers: MessageHandlers<Transaction> = {
  'session.ended': async ({ payload: { sessionId } }, tx) => {
    await tx.delete(ended).where(lt(ended.forgetAt, sql`now()`));
    await tx
      .insert(ended)
      .values({ sessionId, forgetAt: sql`now() + make_interval(mins => ${REMEMBERED_MINUTES})` as never })
      .onConflictDoNothing();
  },
};

/** Whether the session that this actor's token belongs to has ended, as far as this service has heard. */
export async function hasEnded(db: Queryable, { sessionId }: UserActor): Promise<boolean> {
  if (sessionId === undefined || !isUuid(sessionId)) return false;
  const found = await db
    .select({ sessionId: ended.sessionId })
    .from(ended)
    .where(eq(ended.sessionId, sessionId));
  return found.length > 0;
}
