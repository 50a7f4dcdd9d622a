import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { parseInput } from '#platform/errors/parse-input.ts';
import { Refusal } from '#platform/errors/refusal.ts';
import type { CommandContext } from '../context.ts';
import { type Session, startSession } from '../credentials/session.ts';
import { insertUser } from '../db/user.queries.ts';
import type { RegisterUserInput } from '../resolvers/types.generated.ts';
import { email, newPassword, personName } from './input-fields.ts';

const inputSchema = z.object({ email, password: newPassword, name: personName });

/** Creates a customer and logs them in. Refuses with EMAIL_TAKEN. */
export async function registerUser(context: CommandContext, input: RegisterUserInput): Promise<Session> {
  const { email, password, name } = parseInput(inputSchema, input);
  const passwordHash = await context.passwords.hash(password);
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
    return startSession(context, tx, user);
  });
}
