import { and, eq } from 'drizzle-orm';
import type { Key, KeyStore, Use } from '#platform/idempotency/once.ts';
import type { Queryable } from '#platform/postgres/database.ts';
import { idempotencyKeys } from './tables.ts';

export const keys: KeyStore = {
  async claim(tx, { actorId, key, requestHash, resultId }) {
    const claimed = await tx
      .insert(idempotencyKeys)
      .values({ customerId: actorId, key, requestHash, orderId: resultId })
      .onConflictDoNothing()
      .returning({ key: idempotencyKeys.key });
    if (claimed.length > 0) return null;
    const earlier = await find(tx, { actorId, key });
    if (earlier === null) throw new Error('An idempotency key that conflicted is gone.');
    return earlier;
  },
  find,
};

async function find(db: Queryable, { actorId, key }: Key): Promise<Use | null> {
  const { requestHash, orderId: resultId } = idempotencyKeys;
  const [use] = await db
    .select({ requestHash, resultId })
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.customerId, actorId), eq(idempotencyKeys.key, key)));
  return use ?? null;
}
