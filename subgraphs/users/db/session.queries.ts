import { and, desc, eq, inArray, isNotNull, isNull, lte, notExists, type SQL } from 'drizzle-orm';
import { outbox } from '#platform/messaging/tables.ts';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import type { EndReason } from '../domain/session.ts';
import { type RefreshTokenRow, refreshTokens, type SessionRow, sessions, users } from './tables.ts';

/*
 * Every change to a session or to its tokens locks the row of `sessions` first. What a statement finds behind that lock
 * is therefore the latest, as long as it is a statement of its own.
 */

export async function insertSession(
  tx: Transaction,
  session: Omit<SessionRow, 'endedAt' | 'endedBecause'>,
): Promise<void> {
  await tx.insert(sessions).values(session);
}

/** Whether this user, who is there, has no such session that goes on: it was ended, or its row is gone. */
export async function isWithoutSession(db: Queryable, userId: string, sessionId: string): Promise<boolean> {
  const goesOn = db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId), isNull(sessions.endedAt)));
  const found = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, userId), notExists(goesOn)));
  return found.length > 0;
}

/** Ends the oldest sessions of a user beyond the newest `kept`. Who calls it holds the user's row. */
export async function endOldestSessions(
  tx: Transaction,
  userId: string,
  kept: number,
  now: Date,
): Promise<void> {
  const surplus = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)))
    .orderBy(desc(sessions.createdAt), desc(sessions.id))
    .offset(kept);
  await end(tx, inArray(sessions.id, surplus), 'TOO_MANY_SESSIONS', now);
}

export async function insertRefreshToken(tx: Transaction, token: RefreshTokenRow): Promise<void> {
  await tx.insert(refreshTokens).values(token);
}

/** Locks the session that a token belongs to. Null for a token we do not know. */
export async function lockSessionOfToken(tx: Transaction, hash: Buffer): Promise<SessionRow | null> {
  const [token] = await tx
    .select({ sessionId: refreshTokens.sessionId })
    .from(refreshTokens)
    .where(eq(refreshTokens.hash, hash));
  if (token === undefined) return null;
  const [session] = await tx.select().from(sessions).where(eq(sessions.id, token.sessionId)).for('update');
  return session ?? null;
}

export async function findRefreshToken(tx: Transaction, hash: Buffer): Promise<RefreshTokenRow | null> {
  const [token] = await tx.select().from(refreshTokens).where(eq(refreshTokens.hash, hash));
  return token ?? null;
}

export interface UnusedSuccessor {
  readonly createdAt: Date;
  /** See {@link RefreshTokenRow}. */
  readonly sealed: Buffer;
}

/** The token made by trading this one, as long as it has not been traded itself. */
export async function findUnusedSuccessor(
  tx: Transaction,
  token: RefreshTokenRow,
): Promise<UnusedSuccessor | null> {
  const [successor] = await tx
    .select({ createdAt: refreshTokens.createdAt, sealed: refreshTokens.sealedForPredecessor })
    .from(refreshTokens)
    .where(
      and(
        eq(refreshTokens.sessionId, token.sessionId),
        isNull(refreshTokens.usedAt),
        eq(refreshTokens.predecessorHash, token.hash),
      ),
    );
  return successor === undefined || successor.sealed === null
    ? null
    : { ...successor, sealed: successor.sealed };
}

/** Only a token that is unused: the index over unused tokens would refuse its successor otherwise. */
export async function useRefreshToken(tx: Transaction, hash: Buffer, now: Date): Promise<void> {
  await tx
    .update(refreshTokens)
    .set({ usedAt: now, predecessorHash: null, sealedForPredecessor: null })
    .where(and(eq(refreshTokens.hash, hash), isNull(refreshTokens.usedAt)));
}

/** Forgets the oldest used tokens of a session beyond the newest `kept`. */
export async function deleteOldestTokens(tx: Transaction, sessionId: string, kept: number): Promise<void> {
  const surplus = tx
    .select({ hash: refreshTokens.hash })
    .from(refreshTokens)
    .where(and(eq(refreshTokens.sessionId, sessionId), isNotNull(refreshTokens.usedAt)))
    .orderBy(desc(refreshTokens.usedAt))
    .offset(kept);
  await tx.delete(refreshTokens).where(inArray(refreshTokens.hash, surplus));
}

export async function prolongSession(tx: Transaction, sessionId: string, expiresAt: Date): Promise<void> {
  await tx.update(sessions).set({ expiresAt }).where(eq(sessions.id, sessionId));
}

/** Those that ended by this, as ids: here one or none. */
export async function endSession(
  db: Queryable,
  sessionId: string,
  because: EndReason,
  now: Date,
): Promise<string[]> {
  return end(db, eq(sessions.id, sessionId), because, now);
}

export async function endSessionsOf(
  db: Queryable,
  userId: string,
  because: EndReason,
  now: Date,
): Promise<string[]> {
  return end(db, eq(sessions.userId, userId), because, now);
}

/** Those that the disabling of their account ended. */
export async function findSessionsOfDisabled(db: Queryable, userId: string): Promise<string[]> {
  const ended = await db
    .select({ id: sessions.id })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.userId, userId), eq(sessions.endedAt, users.disabledAt)));
  return ended.map(({ id }) => id);
}

/** Whether the end of one of these sessions is yet to be handed to the bus. */
export async function isEndUntold(db: Queryable, sessionIds: readonly string[]): Promise<boolean> {
  const waiting = await db
    .select({ key: outbox.key })
    .from(outbox)
    .where(and(eq(outbox.type, 'session.ended'), inArray(outbox.key, [...sessionIds])))
    .limit(1);
  return waiting.length > 0;
}

/** Deletes what no token can lead to any more, and tokens that have expired. */
export async function deleteExpiredSessions(db: Queryable, now: Date): Promise<void> {
  await db.delete(sessions).where(lte(sessions.expiresAt, now));
  await db.delete(refreshTokens).where(lte(refreshTokens.expiresAt, now));
}

async function end(db: Queryable, which: SQL, because: EndReason, now: Date): Promise<string[]> {
  const ended = await db
    .update(sessions)
    .set({ endedAt: now, endedBecause: because })
    .where(and(which, isNull(sessions.endedAt)))
    .returning({ id: sessions.id });
  return ended.map(({ id }) => id);
}
