import { z } from 'zod';
import { parseInput } from '#platform/input/parse-input.ts';
import type { CommandContext } from '../context.ts';
import { hashOfToken } from '../credentials/tokens/refresh-tokens.ts';
import { endSession, lockSessionOfToken } from '../db/session.queries.ts';
import type { LogOutInput } from '../resolvers/types.generated.ts';

const inputSchema = z.object({ refreshToken: z.string() });

/**
 * Ends the session a refresh token belongs to, whether that token still works or not: who logs out with an older one
 * means the same. A token we do not know opens nothing, so there is nothing to refuse.
 */
export async function logOut(context: CommandContext, input: LogOutInput): Promise<void> {
  const { refreshToken } = parseInput(inputSchema, input);
  const ended = await context.db.transaction(async (tx) => {
    const session = await lockSessionOfToken(tx, hashOfToken(refreshToken));
    return session === null ? [] : endSession(tx, session.id, 'LOGGED_OUT', context.now());
  });
  await context.untilHeard(ended);
}
