import { createHash } from 'node:crypto';
import { Refusal } from '#platform/errors/refusal.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { claimIdempotencyKey } from '../db/idempotency.queries.ts';

export interface OnceOptions {
  readonly actorId: string;
  /** Null: the work is done whenever it is asked for. */
  readonly idempotencyKey: string | null;
  /** The parsed input without its key; plain data. What the key stands for. */
  readonly request: object;
  readonly orderId: string;
}

/**
 * Does the work for the first request with this key and passes it over for the same request told again; another request
 * is refused with IDEMPOTENCY_CONFLICT. A refusal of the work frees the key with its transaction: nothing was done, so it
 * may be tried again. Returns the id of the order: this one's, or the one of the request before.
 */
export async function once(
  tx: Transaction,
  { actorId, idempotencyKey, request, orderId }: OnceOptions,
  work: () => Promise<void>,
): Promise<string> {
  if (idempotencyKey !== null) {
    const claim = { customerId: actorId, key: idempotencyKey, requestHash: hashOf(request), orderId };
    const earlier = await claimIdempotencyKey(tx, claim);
    if (earlier?.requestHash === claim.requestHash) return earlier.orderId;
    if (earlier !== null)
      throw new Refusal(
        'IDEMPOTENCY_CONFLICT',
        'This key was used for a different request. Use a new key for a new request.',
        ['input', 'idempotencyKey'],
      );
  }
  await work();
  return orderId;
}

function hashOf(request: object): string {
  const text = JSON.stringify(request, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
