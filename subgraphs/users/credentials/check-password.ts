import { Refusal } from '#platform/errors/refusal.ts';
import type { CommandContext } from '../context.ts';
import { takeAttempt } from '../db/password-attempt.queries.ts';
import type { UserRow } from '../db/tables.ts';
import { ATTEMPT_WINDOW_MS, ATTEMPTS_PER_WINDOW, tryAgainIn } from '../domain/password-attempts.ts';

export interface PasswordCheck {
  /** Whose attempts are counted, whether there is such an account or not. */
  readonly email: string;
  /** Looked up only when the attempt may be made. */
  findUser(): Promise<UserRow | null>;
  readonly password: string;
  refusal(): Refusal;
}

/**
 * Finds a user who has this password. Too many attempts refuse with TRY_AGAIN_LATER; an unknown account and a wrong
 * password alike with `refusal`, after equally long. The attempt stays counted until `forgetAttempts`.
 */
export async function checkPassword(context: CommandContext, check: PasswordCheck): Promise<UserRow> {
  const { db, passwords } = context;
  const now = context.now();
  const limits = { perWindow: ATTEMPTS_PER_WINDOW, windowMs: ATTEMPT_WINDOW_MS };
  const refusedUntil = await takeAttempt(db, check.email, now, limits);
  if (refusedUntil !== null) {
    throw new Refusal(
      'TRY_AGAIN_LATER',
      `Too many failed attempts. Try again ${tryAgainIn(refusedUntil, now)}.`,
    );
  }
  const user = await check.findUser();
  const holds = await passwords.verify(check.password, user?.passwordHash ?? null);
  if (user === null || !holds) throw check.refusal();
  return user;
}
