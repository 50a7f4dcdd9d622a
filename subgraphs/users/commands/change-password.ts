import { z } from 'zod';
import { requireUser } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/input/parse-input.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import type { CommandContext } from '../context.ts';
import { settleAttempts } from '../credentials/attempts/attempts.ts';
import { checkPassword } from '../credentials/passwords/check-password.ts';
import { laneOf } from '../credentials/attempts/lanes.ts';
import { refuseWeak } from '../credentials/passwords/password-strength.ts';
import { type Session, startSession } from '../credentials/tokens/session.ts';
import { endSessionsOf } from '../db/session.queries.ts';
import { findUsers, replacePassword } from '../db/user.queries.ts';
import type { ChangePasswordInput } from '../resolvers/types.generated.ts';
import { accountGone } from './account-gone.ts';
import { newPassword, password } from './input-fields.ts';

const inputSchema = z.object({ currentPassword: password, newPassword });

const wrong = () =>
  new Refusal('INVALID_CREDENTIALS', 'The current password is wrong.', ['input', 'currentPassword']);

/**
 * Ends every session of the user, whose access tokens change nothing from then on, and starts a new one.
 * Wrong attempts count together with those of logging in: a stolen access token must not become a way to guess.
 */
export async function changePassword(context: CommandContext, input: ChangePasswordInput): Promise<Session> {
  const actor = requireUser(context.actor);
  const { currentPassword, newPassword } = parseInput(inputSchema, input);
  const [account] = await findUsers(context.db, [actor.userId]);
  if (account === undefined) throw accountGone();
  const checked = await checkPassword(context, {
    email: account.email,
    findUser: async () => account,
    password: currentPassword,
    refusal: wrong,
  });
  await settleAttempts(context, context.db, checked.attempts); // whatever the new one is like, the current one was right
  const passwordHash = await context.passwords.hash(newPassword, laneOf(context, 'log-in', account.id), () =>
    refuseWeak(newPassword, [account.email, account.name], ['input', 'newPassword']),
  );
  const { session, ended } = await context.db.transaction(async (tx) => {
    const user = await replacePassword(tx, checked.user, passwordHash);
    if (user === null) throw wrong();
    const ended = await endSessionsOf(tx, user.id, 'PASSWORD_CHANGED', context.now());
    return { session: await startSession(context, tx, user), ended };
  });
  await context.untilHeard(ended);
  return session;
}
