import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { parseInput } from '#platform/input/parse-input.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import type { CommandContext } from '../context.ts';
import { settleAttempts, takeOfNetwork } from '../credentials/attempts/attempts.ts';
import { laneOf } from '../credentials/attempts/lanes.ts';
import { refuseWeak } from '../credentials/passwords/password-strength.ts';
import { type Session, startSession } from '../credentials/tokens/session.ts';
import type { Subject } from '../db/password-attempt.queries.ts';
import { insertUser } from '../db/user.queries.ts';
import { NETWORK_REGISTRATIONS, NETWORK_TAKEN } from '../domain/password-attempts.ts';
import type { RegisterUserInput } from '../resolvers/types.generated.ts';
import { email, newPassword, personName } from './input-fields.ts';

const inputSchema = z.object({ email, password: newPassword, name: personName });

/**
 * Creates a customer and logs them in. Refuses with EMAIL_TAKEN, which tells that there is such an account: so seldom to one
 * network, and afterwards with TRY_AGAIN_LATER whether there is one or not.
 */
export async function registerUser(context: CommandContext, input: RegisterUserInput): Promise<Session> {
  const { email, password, name } = parseInput(inputSchema, input);
  const { passwordHash, taken } = await hashNew(context, { email, password, name });
  return context.db.transaction(async (tx) => {
    const createdAt = context.now();
    const user = await insertUser(tx, {
      id: uuidv7(),
      email,
      name,
      passwordHash,
      roles: ['CUSTOMER'],
      createdAt,
    });
    if (user === null)
      throw new Refusal('EMAIL_TAKEN', 'There is an account with this e-mail address.', ['input', 'email']);
    await settleAttempts(context, tx, { userId: user.id, failures: taken });
    return startSession(context, tx, user);
  });
}

/** Counts the registration once it has found room, and refuses an easy password, which asks after nobody's address. */
async function hashNew(
  context: CommandContext,
  { email, password, name }: { email: string; password: string; name: string },
): Promise<{ passwordHash: string; taken: Subject[] }> {
  const taken: Subject[] = [];
  const passwordHash = await context.passwords.hash(
    password,
    laneOf(context, 'registration', null),
    async () => {
      await takeOfNetwork(context, 'registrations', NETWORK_REGISTRATIONS, 'registrations');
      await refuseWeak(password, [email, name], ['input', 'password']);
      taken.push(await takeOfNetwork(context, 'taken', NETWORK_TAKEN, 'registrations'));
    },
  );
  return { passwordHash, taken };
}
