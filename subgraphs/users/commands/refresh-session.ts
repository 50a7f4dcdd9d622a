import { z } from 'zod';
import { parseInput } from '#platform/input/parse-input.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import type { CommandContext } from '../context.ts';
import {
  hashOfToken,
  newRefreshToken,
  sealForPredecessor,
  unseal,
} from '../credentials/tokens/refresh-tokens.ts';
import { describeSession, type Session } from '../credentials/tokens/session.ts';
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
  const { session, ended } = await context.db.transaction((tx) => present(context, tx, refreshToken));
  // Not thrown within the transaction, for what it decided has to stay: that a session ends, too.
  if (session === null) {
    await context.untilHeard(ended);
    const message = 'This refresh token does not work, or no longer: log in again.';
    throw new Refusal('INVALID_REFRESH_TOKEN', message, ['input', 'refreshToken']);
  }
  return session;
}

/** The session that the token is good for, or those that ended because it was shown. */
interface Presented {
  readonly session: Session | null;
  readonly ended: readonly string[];
}

const NOTHING: Presented = { session: null, ended: [] };

async function present(context: CommandContext, tx: Transaction, shown: string): Promise<Presented> {
  const hash = hashOfToken(shown);
  const session = await lockSessionOfToken(tx, hash);
  const token = await findRefreshToken(tx, hash);
  if (session === null || token === null) return NOTHING;

  const [user] = await findUsers(tx, [session.userId]);
  if (user === undefined) return NOTHING;
  const unusedSuccessor = token.usedAt === null ? null : await findUnusedSuccessor(tx, token);
  const now = context.now();
  const sessionId = session.id;
  const decision = decideRefresh({ ...token, session, unusedSuccessor }, now);
  switch (decision.kind) {
    case 'TRADE': {
      const refreshToken = await trade(tx, token, shown, now);
      return { session: await describeSession(context, user, { sessionId, refreshToken }), ended: [] };
    }
    case 'REPEAT': {
      const refreshToken = unseal(decision.successor.sealed, shown);
      return { session: await describeSession(context, user, { sessionId, refreshToken }), ended: [] };
    }
    case 'REUSED':
      context.logger.warn(
        { userId: user.id, sessionId },
        'a refresh token was used again; its session has ended',
      );
      return { session: null, ended: await endSession(tx, sessionId, 'TOKEN_REUSED', now) };
    case 'DEAD':
      return NOTHING;
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
