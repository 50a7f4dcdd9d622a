import { and, eq } from 'drizzle-orm';
import type { Transaction } from '#platform/postgres/database.ts';
import { idempotencyKeys } from './tables.ts';

export interface IdempotencyClaim {
  /** Whose key it is. */
  readonly customerId: string;
  readonly key: string;
  readonly requestHash: string;
  readonly orderId: string;
}

/**
 * Claims a key for this request. Null when it is now ours; otherwise what an earlier request did with it. A request that
 * comes while the first is still under way waits for it here.
 */
export async function claimIdempotencyKey(
  tx: Transaction,
  claim: IdempotencyClaim,
): Promise<{ orderId: string; requestHash: string } | null> {
  const claimed = await tx
    .insert(idempotencyKeys)
    .values(claim)
    .onConflictDoNothing()
    .returning({ key: idempotencyKeys.key });
  if (claimed.length > 0) return null;
  const [earlier] = await tx
    .select({ orderId: idempotencyKeys.orderId, requestHash: idempotencyKeys.requestHash })
    .from(idempotencyKeys)
    .where(and(eq(idempotencyKeys.customerId, claim.customerId), eq(idempotencyKeys.key, claim.key)));
  return earlier ?? null;
}
