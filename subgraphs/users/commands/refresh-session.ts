import { z } from 'zod';
import { parseInput } from '#platform/errors/parse-input.ts';
import { Refusal } from '#platform/errors/refusal.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import type { CommandContext } from '../context.ts';
import { hashOfToken, newRefreshToken, sealForPredecessor, unseal } from '../credentials/refresh-tokens.ts';
import { describeSession, type Session } from '../credentials/session.ts';
import {
  deleteOldestTokens,
  endSession,
  findRefreshToken,
  findUnusedSuccessor,
  insertRefreshToken,
  lockSessionOfToken,
  prolongSession,
  useRefreshToken,
} from '../db/session.queries.ts';
import type { RefreshTokenRow } from '../db/tables.ts';
import { findUsers } from '../db/user.queries.ts';
import { USED_TOKENS_PER_SESSION } from '../domain/limits.ts';
import { decideRefresh, REFRESH_TOKEN_LIFE_MS } from '../domain/session.ts';
import type { RefreshSessionInput } from '../resolvers/types.generated.ts';

const inputSchema = z.object({ refreshToken: z.string() });

/**
 * Trades a refresh token for a session with the next one; see domain/session.ts for what becomes of one that was traded
 * before. Whoever holds the token may do so, logged in or not. Refuses with INVALID_REFRESH_TOKEN.
 */
export async function refreshSession(context: CommandContext, input: RefreshSessionInput): Promise<Session> {
  const { refreshToken } = parseInput(inputSchema, input);
  const session = await context.db.transaction((tx) => present(context, tx, refreshToken));
  // Not thrown within the transaction, for what it decided has to stay: that a session ends, too.
  if (session === null) {
    const message = 'This refresh token does not work, or no longer: log in again.';
    throw new Refusal('INVALID_REFRESH_TOKEN', message, ['input', 'refreshToken']);
  }
  return session;
}

async function present(context: CommandContext, tx: Transaction, shown: string): Promise<Session | null> {
  const hash = hashOfToken(shown);
  const session = await lockSessionOfToken(tx, hash);
  const token = await findRefreshToken(tx, hash);
  if (session === null || token === null) return null;

  const [user] = await findUsers(tx, [session.userId]);
  if (user === undefined) return null;
  const unusedSuccessor = token.usedAt === null ? null : await findUnusedSuccessor(tx, token);
  const now = context.now();
  const sessionId = session.id;
  const decision = decideRefresh({ ...token, session, unusedSuccessor }, now);
  switch (decision.kind) {
    case 'TRADE':
      return describeSession(context, user, { sessionId, refreshToken: await trade(tx, token, shown, now) });
    case 'REPEAT':
      return describeSession(context, user, {
        sessionId,
        refreshToken: unseal(decision.successor.sealed, shown),
      });
    case 'REUSED':
      await endSession(tx, sessionId, 'TOKEN_REUSED', now);
      context.logger.warn(
        { userId: user.id, sessionId },
        'a refresh token was used again; its session has ended',
      );
      return null;
    case 'DEAD':
      return null;
  }
}

/** Returns the successor. */
async function trade(
  tx: Transaction,
  { hash, sessionId }: RefreshTokenRow,
  shown: string,
  now: Date,
): Promise<string> {
  const successor = newRefreshToken();
  const expiresAt = new Date(now.getTime() + REFRESH_TOKEN_LIFE_MS);
  await useRefreshToken(tx, hash, now);
  await insertRefreshToken(tx, {
    hash: hashOfToken(successor),
    sessionId,
    createdAt: now,
    expiresAt,
    usedAt: null,
    predecessorHash: hash,
    sealedForPredecessor: sealForPredecessor(successor, shown),
  });
  await deleteOldestTokens(tx, sessionId, USED_TOKENS_PER_SESSION);
  await prolongSession(tx, sessionId, expiresAt);
  return successor;
}
