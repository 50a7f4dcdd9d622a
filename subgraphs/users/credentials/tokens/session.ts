import type { Transaction } from '#platform/postgres/database.ts';
import { uuidv7 } from 'uuidv7';
import type { CommandContext } from '../../context.ts';
import { endOldestSessions, insertRefreshToken, insertSession } from '../../db/session.queries.ts';
import type { UserRow } from '../../db/tables.ts';
import { SESSIONS_PER_USER } from '../../domain/limits.ts';
import { REFRESH_TOKEN_LIFE_MS } from '../../domain/session.ts';
import { hashOfToken, newRefreshToken } from './refresh-tokens.ts';

/** What a client gets to act as a user. */
export interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Of the access token. */
  readonly expiresAt: Date;
  readonly user: UserRow;
}

/**
 * Starts a session, with the first of its refresh tokens; beyond a bounded number the oldest ends. Who calls it has made
 * sure of the user and holds their row.
 */
export async function startSession(
  context: CommandContext,
  tx: Transaction,
  user: UserRow,
): Promise<Session> {
  const now = context.now();
  const expiresAt = new Date(now.getTime() + REFRESH_TOKEN_LIFE_MS);
  const sessionId = uuidv7();
  const token = newRefreshToken();
  await endOldestSessions(tx, user.id, SESSIONS_PER_USER - 1, now);
  await insertSession(tx, { id: sessionId, userId: user.id, createdAt: now, expiresAt });
  await insertRefreshToken(tx, {
    hash: hashOfToken(token),
    sessionId,
    createdAt: now,
    expiresAt,
    usedAt: null,
    predecessorHash: null,
    sealedForPredecessor: null,
  });
  return describeSession(context, user, { sessionId, refreshToken: token });
}

/** The session as its client sees it: this refresh token, and a new access token. */
export async function describeSession(
  context: CommandContext,
  user: UserRow,
  { sessionId, refreshToken }: { sessionId: string; refreshToken: string },
): Promise<Session> {
  const { id, roles } = user;
  const { token, expiresAt } = await context.accessTokens.issue({ id, roles, sessionId }, context.now());
  return { accessToken: token, refreshToken, expiresAt, user };
}
