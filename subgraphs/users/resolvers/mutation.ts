import { asPayload, Refusal } from '#platform/refusal/refusal.ts';
import { addAddress } from '../commands/profile/add-address.ts';
import { changePassword } from '../commands/change-password.ts';
import { logIn } from '../commands/log-in.ts';
import { logOut } from '../commands/log-out.ts';
import { refreshSession } from '../commands/refresh-session.ts';
import { registerUser } from '../commands/register-user.ts';
import { removeAddress } from '../commands/profile/remove-address.ts';
import { updateProfile } from '../commands/profile/update-profile.ts';
import type { Context } from '../context.ts';
import { PASSWORDS_PER_REQUEST } from '../domain/password-attempts.ts';
import type { MutationResolvers, UserAccountErrorCode } from './types.generated.ts';

const NO_SESSION = { session: null };
const NO_USER = { user: null };
const NO_ADDRESS = { address: null, user: null };
const NOT_LOGGED_OUT = { loggedOut: false };

export const Mutation = {
  registerUser: (_, { input }, context) =>
    passwordPayload(context, async () => ({ session: await registerUser(context, input) })),
  logIn: (_, { input }, context) =>
    passwordPayload(context, async () => ({ session: await logIn(context, input) })),
  refreshSession: (_, { input }, context) =>
    payload(context, NO_SESSION, async () => ({ session: await refreshSession(context, input) })),
  changePassword: (_, { input }, context) =>
    passwordPayload(context, async () => ({ session: await changePassword(context, input) })),
  logOut: (_, { input }, context) =>
    payload(context, NOT_LOGGED_OUT, async () => {
      await logOut(context, input);
      return { loggedOut: true };
    }),
  updateProfile: (_, { input }, context) =>
    payload(context, NO_USER, async () => ({ user: await updateProfile(context, input) })),
  addAddress: (_, { input }, context) => payload(context, NO_ADDRESS, () => addAddress(context, input)),
  removeAddress: (_, { input }, context) =>
    payload(context, NO_USER, async () => ({ user: await removeAddress(context, input) })),
} satisfies MutationResolvers;

/** One document may hold hundreds of log-ins; each costs some 25 ms of a processor. */
function passwordPayload<Result extends object>(context: Context, run: () => Promise<Result>) {
  return payload(context, NO_SESSION, async () => {
    if (context.passwordsLeft.count-- > 0) return run();
    const message = `A request may log in, register or change a password ${PASSWORDS_PER_REQUEST} times.`;
    throw new Refusal('TRY_AGAIN_LATER', message, null, { retryAfter: 1 });
  });
}

/** What the command answers, or, with the reason, what stands for nothing. */
function payload<Result extends object, Refused extends object>(
  context: Context,
  refused: Refused,
  run: () => Promise<Result>,
) {
  context.loaders.forget();
  return asPayload<Result | Refused, UserAccountErrorCode>(run, refused);
}
