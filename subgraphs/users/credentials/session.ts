import type { Transaction } from '#platform/postgres/database.ts';
import { uuidv7 } from 'uuidv7';
import type { CommandContext } from '../context.ts';
import { insertRefreshToken, insertSession } from '../db/session.queries.ts';
import type { UserRow } from '../db/tables.ts';
import { REFRESH_TOKEN_LIFE_MS } from '../domain/session.ts';
import { hashOfToken, newRefreshToken } from './refresh-tokens.ts';

/** What a client gets to act as a user. */
export interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Of the access token. */
  readonly expiresAt: Date;
  readonly user: UserRow;
}

/** Starts a session, with the first of its refresh tokens. Who calls it has made sure of the user. */
export async function startSession(
  context: CommandContext,
  tx: Transaction,
  user: UserRow,
): Promise<Session> {
  const now = context.now();
  const expiresAt = new Date(now.getTime() + REFRESH_TOKEN_LIFE_MS);
  const sessionId = uuidv7();
  const token = newRefreshToken();
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
  return describeSession(context, user, token);
}

/** The session as its client sees it: this refresh token, and a new access token. */
export async function describeSession(
  context: CommandContext,
  user: UserRow,
  refreshToken: string,
): Promise<Session> {
  const { token, expiresAt } = await context.accessTokens.issue(user, context.now());
  return { accessToken: token, refreshToken, expiresAt, user };
}
