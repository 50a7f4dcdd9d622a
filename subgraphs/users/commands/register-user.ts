import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { parseInput } from '#platform/errors/parse-input.ts';
import { Refusal } from '#platform/errors/refusal.ts';
import type { CommandContext } from '../context.ts';
import { settleAttempts, takeOfNetwork } from '../credentials/attempts.ts';
import { laneOf } from '../credentials/lanes.ts';
import { refuseWeak } from '../credentials/password-strength.ts';
import { type Session, startSession } from '../credentials/session.ts';
import { giveBackAttempt, type Subject } from '../db/password-attempt.queries.ts';
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
  const registration = await takeOfNetwork(context, 'registrations', NETWORK_REGISTRATIONS, 'registrations');
  const taken = await takeOfNetwork(context, 'taken', NETWORK_TAKEN, 'registrations');
  const passwordHash = await hashNew(context, { email, password, name }, { registration, taken });
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
    await settleAttempts(context, tx, { userId: user.id, failures: [taken] });
    return startSession(context, tx, user);
  });
}

/** Who is refused here was told of nobody's address; who found no room has not even registered in vain. */
async function hashNew(
  context: CommandContext,
  { email, password, name }: { email: string; password: string; name: string },
  { registration, taken }: { registration: Subject; taken: Subject },
): Promise<string> {
  try {
    return await context.passwords.hash(password, laneOf(context, 'registration', null), () =>
      refuseWeak(password, [email, name], ['input', 'password']),
    );
  } catch (error) {
    await giveBackAttempt(context.db, taken);
    const isWeak = error instanceof Refusal && error.code === 'INVALID_INPUT';
    if (!isWeak) await giveBackAttempt(context.db, registration);
    throw error;
  }
}
