import { z } from 'zod';
import { parseInput } from '#platform/input/parse-input.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import type { CommandContext } from '../context.ts';
import { settleAttempts } from '../credentials/attempts/attempts.ts';
import { checkPassword } from '../credentials/passwords/check-password.ts';
import { type Session, startSession } from '../credentials/tokens/session.ts';
import { findUserByEmail, holdPassword } from '../db/user.queries.ts';
import type { LogInInput } from '../resolvers/types.generated.ts';
import { email, password } from './input-fields.ts';

const inputSchema = z.object({ email, password, refreshToken: z.string().nullish() });

// One text and no field, so that nobody learns which of the two was wrong.
const wrong = () => new Refusal('INVALID_CREDENTIALS', 'The e-mail address or the password is wrong.');

/** Refuses with INVALID_CREDENTIALS or TRY_AGAIN_LATER. */
export async function logIn(context: CommandContext, input: LogInInput): Promise<Session> {
  const { email, password, refreshToken } = parseInput(inputSchema, input);
  const checked = await checkPassword(context, {
    email,
    findUser: () => findUserByEmail(context.db, email),
    password,
    earlierToken: refreshToken ?? undefined,
    refusal: wrong,
  });
  return context.db.transaction(async (tx) => {
    // The password may have changed since it was checked; a session by the old one would outlive the change.
    const user = await holdPassword(tx, checked.user);
    if (user === null) throw wrong();
    await settleAttempts(context, tx, checked.attempts);
    return startSession(context, tx, user);
  });
}
