import { eq, lt, lte, or, sql } from 'drizzle-orm';
import type { Queryable } from '#platform/postgres/database.ts';
import { passwordAttempts } from './tables.ts';

export interface AttemptLimits {
  readonly perWindow: number;
  readonly windowMs: number;
}

/**
 * Counts an attempt before it is made, so that many at once cannot slip through. Null where it may be made; otherwise
 * when the window ends.
 */
export async function takeAttempt(
  db: Queryable,
  email: string,
  now: Date,
  limits: AttemptLimits,
): Promise<Date | null> {
  const isOver = lte(passwordAttempts.windowEndsAt, now);
  const [taken] = await db
    .insert(passwordAttempts)
    .values({
      account: accountOf(email),
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
  const [refused] = await db
    .select()
    .from(passwordAttempts)
    .where(eq(passwordAttempts.account, accountOf(email)));
  return refused?.windowEndsAt ?? now;
}

export async function forgetAttempts(db: Queryable, email: string): Promise<void> {
  await db.delete(passwordAttempts).where(eq(passwordAttempts.account, accountOf(email)));
}

export async function deletePastAttempts(db: Queryable, now: Date): Promise<void> {
  await db.delete(passwordAttempts).where(lte(passwordAttempts.windowEndsAt, now));
}

/** In SQL, for `lower` has to be the one that finds the account. */
function accountOf(email: string) {
  return sql<Buffer>`sha256(convert_to(lower(${email}), 'UTF8'))`;
}
