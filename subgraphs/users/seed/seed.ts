import { uuidv7 } from 'uuidv7';
import type { Role } from '#platform/auth/actor.ts';
import type { Database } from '#platform/postgres/database.ts';
import { newPassword } from '../commands/input-fields.ts';
import { weaknessOf } from '../credentials/passwords/password-strength.ts';
import { createPasswords } from '../credentials/passwords/passwords.ts';
import { findUserByEmail, insertUser } from '../db/user.queries.ts';

export interface SeedAccount {
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly roles: readonly Role[];
}

/** Why nobody who registers could have this password, by the rules for them; null where each of these accounts may. */
export async function seedPasswordFault(
  password: string,
  accounts: readonly Omit<SeedAccount, 'password'>[],
): Promise<string | null> {
  const { error } = newPassword.safeParse(password);
  if (error !== undefined) return error.issues[0]?.message ?? 'It is no password.';
  return weaknessOf(
    password,
    accounts.flatMap(({ email, name }) => [email, name]),
  );
}

/** Creates the accounts that are missing. One that is there, whatever its name, password or roles, is left alone. */
export async function seedUsers(
  { db }: Database,
  { accounts }: { accounts: readonly SeedAccount[] },
): Promise<void> {
  const passwords = await createPasswords();
  for (const { email, name, password, roles } of accounts) {
    if ((await findUserByEmail(db, email)) !== null) continue; // saves the hashing; the insert decides
    const passwordHash = await passwords.hash(password);
    await insertUser(db, {
      id: uuidv7(),
      email,
      name,
      passwordHash,
      roles: [...roles],
      createdAt: new Date(),
    });
  }
}
