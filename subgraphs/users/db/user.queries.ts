import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { type UserRow, users } from './tables.ts';

export async function findUsers(db: Queryable, ids: readonly string[]): Promise<UserRow[]> {
  return db
    .select()
    .from(users)
    .where(inArray(users.id, [...ids]));
}

export async function findUserByEmail(db: Queryable, email: string): Promise<UserRow | null> {
  const [user] = await db.select().from(users).where(sql`lower(${users.email}) = lower(${email})`);
  return user ?? null;
}

/** Null where the e-mail address is taken. */
export async function insertUser(db: Queryable, user: Omit<UserRow, 'disabledAt'>): Promise<UserRow | null> {
  const [inserted] = await db.insert(users).values(user).onConflictDoNothing().returning();
  return inserted ?? null;
}

export async function renameUser(db: Queryable, id: string, name: string): Promise<UserRow | null> {
  const [user] = await db.update(users).set({ name }).where(eq(users.id, id)).returning();
  return user ?? null;
}

/** Keeps the account and its password as they are until the transaction ends; null where they no longer are. */
export async function holdPassword(tx: Transaction, { id, passwordHash }: UserRow): Promise<UserRow | null> {
  const [user] = await tx.select().from(users).where(hasPassword(id, passwordHash)).for('no key update');
  return user ?? null;
}

/** Null where the password is no longer the one of `from`, or the account was disabled. */
export async function replacePassword(
  db: Queryable,
  from: UserRow,
  passwordHash: string,
): Promise<UserRow | null> {
  const [user] = await db
    .update(users)
    .set({ passwordHash })
    .where(hasPassword(from.id, from.passwordHash))
    .returning();
  return user ?? null;
}

/** Null where there is no such user. Ends their sessions, by a trigger; once disabled it stays so since then. */
export async function setDisabled(db: Queryable, id: string, at: Date | null): Promise<UserRow | null> {
  const disabledAt =
    at === null ? null : sql`coalesce(${users.disabledAt}, ${at.toISOString()}::timestamptz)`;
  const [user] = await db.update(users).set({ disabledAt }).where(eq(users.id, id)).returning();
  return user ?? null;
}

/** One at a time changes what hangs on this user; null where there is no such user. */
export async function lockUser(tx: Transaction, id: string): Promise<UserRow | null> {
  const [user] = await tx.select().from(users).where(eq(users.id, id)).for('no key update');
  return user ?? null;
}

/** In good standing, with this password. */
function hasPassword(id: string, passwordHash: string) {
  return and(eq(users.id, id), eq(users.passwordHash, passwordHash), isNull(users.disabledAt));
}
