import type { Refusal } from '#platform/refusal/refusal.ts';
import type { CommandContext } from '../../context.ts';
import type { Subject } from '../../db/password-attempt.queries.ts';
import type { UserRow } from '../../db/tables.ts';
import { NETWORK_FAILURES } from '../../domain/password-attempts.ts';
import { placeOf, takeOfAccount, takeOfNetwork } from '../attempts/attempts.ts';
import { laneOf } from '../attempts/lanes.ts';

export interface PasswordCheck {
  /** Whose attempts are counted, whether there is such an account or not. */
  readonly email: string;
  findUser(): Promise<UserRow | null>;
  readonly password: string;
  /** A refresh token of an earlier session, which tells a device that the account knows. */
  readonly earlierToken?: string | undefined;
  refusal(): Refusal;
}

export interface CheckedPassword {
  readonly user: UserRow;
  /** To be settled once it has led to something: until then the attempt stays counted. */
  readonly attempts: {
    readonly userId: string;
    readonly attempts: readonly Subject[];
    readonly failures: readonly Subject[];
  };
}

/**
 * Finds a user who has this password. Too many attempts refuse with TRY_AGAIN_LATER; an unknown account and a wrong
 * password alike with `refusal`, after equally long. The attempt stays counted until {@link settleAttempts}. Of who finds no
 * room nothing is counted, and of who is known nothing against the network: others in it may have used that up.
 */
export async function checkPassword(context: CommandContext, check: PasswordCheck): Promise<CheckedPassword> {
  const user = await check.findUser();
  const { email, earlierToken } = check;
  const place = await placeOf(context, { email, userId: user?.id, earlierToken });
  const lane = laneOf(context, 'log-in', place.known && user !== null ? user.id : null);
  const failures: Subject[] = [];
  const holds = await context.passwords.verify(check.password, user?.passwordHash ?? null, lane, async () => {
    if (!place.known)
      failures.push(await takeOfNetwork(context, 'failures', NETWORK_FAILURES, 'failed log-ins'));
    await takeOfAccount(context, place);
  });
  if (user === null || !holds) throw check.refusal();
  return { user, attempts: { userId: user.id, attempts: [place.subject], failures } };
}
