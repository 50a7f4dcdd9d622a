import { eq, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '#platform/postgres/database.ts';
import { passwordAttempts } from './tables.ts';

export interface AttemptLimits {
  readonly perWindow: number;
  readonly windowMs: number;
}

/** Whose attempts are counted together: the SHA-256 of a text that names it. */
export type Subject = SQL<Buffer>;

/** In SQL, for `lower` has to be the one that finds the account. */
export function accountSubject(email: string): Subject {
  return sql<Buffer>`sha256(convert_to(lower(${email}), 'UTF8'))`;
}

/** Told apart from accounts by the NUL that no e-mail address can be stored with. */
export function originSubject(kind: string, origin: Buffer): Subject {
  return sql<Buffer>`sha256(convert_to(${kind}, 'UTF8') || '\\x00'::bytea || ${origin})`;
}

/**
 * Counts an attempt before it is made, so that many at once cannot slip through. Null where it may be made; otherwise
 * when the window ends.
 */
export async function takeAttempt(
  db: Queryable,
  subject: Subject,
  now: Date,
  limits: AttemptLimits,
): Promise<Date | null> {
  const isOver = lte(passwordAttempts.windowEndsAt, now);
  const [taken] = await db
    .insert(passwordAttempts)
    .values({
      account: subject,
      attempts: 1,
      windowEndsAt: new Date(now.getTime() + limits.windowMs),
    })
    .onConflictDoUpdate({
      target: passwordAttempts.account,
      set: {
        attempts: sql`case when ${isOver} then 1 else ${passwordAttempts.attempts} + 1 end`,
        windowEndsAt: sql`case when ${isOver} then excluded.window_ends_at else ${passwordAttempts.windowEndsAt} end`,
      },
      setWhere: or(isOver, lt(passwordAttempts.attempts, limits.perWindow)),
    })
    .returning({ attempts: passwordAttempts.attempts });
  if (taken !== undefined) return null;
  const [refused] = await db.select().from(passwordAttempts).where(eq(passwordAttempts.account, subject));
  return refused?.windowEndsAt ?? now;
}

export async function forgetAttempts(db: Queryable, subject: Subject): Promise<void> {
  await db.delete(passwordAttempts).where(eq(passwordAttempts.account, subject));
}

/** One that was counted and turned out to be none. */
export async function giveBackAttempt(db: Queryable, subject: Subject): Promise<void> {
  await db
    .update(passwordAttempts)
    .set({ attempts: sql`greatest(${passwordAttempts.attempts} - 1, 0)` })
    .where(eq(passwordAttempts.account, subject));
}

export async function deletePastAttempts(db: Queryable, now: Date): Promise<void> {
  await db.delete(passwordAttempts).where(lte(passwordAttempts.windowEndsAt, now));
}
