import { asPayload } from '#platform/errors/refusal.ts';
import { addAddress } from '../commands/add-address.ts';
import { changePassword } from '../commands/change-password.ts';
import { logIn } from '../commands/log-in.ts';
import { logOut } from '../commands/log-out.ts';
import { refreshSession } from '../commands/refresh-session.ts';
import { registerUser } from '../commands/register-user.ts';
import { removeAddress } from '../commands/remove-address.ts';
import { updateProfile } from '../commands/update-profile.ts';
import type { Context } from '../context.ts';
import type { MutationResolvers, UserAccountErrorCode } from './types.generated.ts';

const NO_SESSION = { session: null };
const NO_USER = { user: null };
const NO_ADDRESS = { address: null, user: null };
const NOT_LOGGED_OUT = { loggedOut: false };

export const Mutation = {
  registerUser: (_, { input }, context) =>
    payload(context, NO_SESSION, async () => ({ session: await registerUser(context, input) })),
  logIn: (_, { input }, context) =>
    payload(context, NO_SESSION, async () => ({ session: await logIn(context, input) })),
  refreshSession: (_, { input }, context) =>
    payload(context, NO_SESSION, async () => ({ session: await refreshSession(context, input) })),
  changePassword: (_, { input }, context) =>
    payload(context, NO_SESSION, async () => ({ session: await changePassword(context, input) })),
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

/** What the command answers, or, with the reason, what stands for nothing. */
function payload<Result extends object, Refused extends object>(
  context: Context,
  refused: Refused,
  run: () => Promise<Result>,
) {
  context.loaders.forget();
  return asPayload<Result | Refused, UserAccountErrorCode>(run, refused);
}
