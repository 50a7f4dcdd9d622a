import { and, desc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Queryable } from '#platform/postgres/database.ts';
import { knownOrigins, refreshTokens, sessions } from './tables.ts';

export async function isKnownOrigin(db: Queryable, userId: string, origin: Buffer): Promise<boolean> {
  const found = await db
    .select({ userId: knownOrigins.userId })
    .from(knownOrigins)
    .where(and(eq(knownOrigins.userId, userId), eq(knownOrigins.origin, origin)));
  return found.length > 0;
}

/** The session, ended or not, that this refresh token of this user was ever good for. */
export async function findSessionOfUser(
  db: Queryable,
  userId: string,
  tokenHash: Buffer,
): Promise<string | null> {
  const [found] = await db
    .select({ id: sessions.id })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .where(and(eq(refreshTokens.hash, tokenHash), eq(sessions.userId, userId)));
  return found?.id ?? null;
}

/** Keeps the `kept` that were seen last. Who calls it holds the user's row. */
export async function rememberOrigin(
  db: Queryable,
  { userId, origin, now, kept }: { userId: string; origin: Buffer; now: Date; kept: number },
): Promise<void> {
  await db
    .insert(knownOrigins)
    .values({ userId, origin, lastSeenAt: now })
    .onConflictDoUpdate({
      target: [knownOrigins.userId, knownOrigins.origin],
      set: { lastSeenAt: sql`excluded.last_seen_at` },
    });
  const surplus = db
    .select({ origin: knownOrigins.origin })
    .from(knownOrigins)
    .where(eq(knownOrigins.userId, userId))
    .orderBy(desc(knownOrigins.lastSeenAt))
    .offset(kept);
  await db
    .delete(knownOrigins)
    .where(and(eq(knownOrigins.userId, userId), inArray(knownOrigins.origin, surplus)));
}

export async function deleteOriginsNotSeenSince(db: Queryable, moment: Date): Promise<void> {
  await db.delete(knownOrigins).where(lt(knownOrigins.lastSeenAt, moment));
}
