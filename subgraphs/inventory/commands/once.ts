import { createHash } from 'node:crypto';
import { Refusal } from '#platform/errors/refusal.ts';
import type { Transaction } from '#platform/postgres/database.ts';
import { claimIdempotencyKey } from '../db/idempotency.queries.ts';

export interface OnceOptions {
  readonly actorId: string;
  readonly idempotencyKey: string;
  /** The parsed input without its key; plain data. Its first field names the action, for a key serves one. */
  readonly request: { readonly action: string } & Record<string, unknown>;
  /** What a later request with this key is answered. */
  readonly resultId: string;
}

/**
 * Does the work for the first request with this key and passes it over for the same request told again; another request
 * is refused with IDEMPOTENCY_CONFLICT. A refusal of the work frees the key with its transaction: nothing was done, so
 * it may be tried again. Returns the id of the result.
 */
export async function once(
  tx: Transaction,
  options: OnceOptions,
  work: () => Promise<void>,
): Promise<string> {
  const { actorId, idempotencyKey, request, resultId } = options;
  const requestHash = hashOf(request);
  const earlier = await claimIdempotencyKey(tx, { actorId, key: idempotencyKey, requestHash, resultId });
  if (earlier === null) {
    await work();
    return resultId;
  }
  if (earlier.requestHash === requestHash) return earlier.resultId;
  throw new Refusal(
    'IDEMPOTENCY_CONFLICT',
    'This key was used for a different request. Use a new key for a new request.',
    ['input', 'idempotencyKey'],
  );
}

function hashOf(request: object): string {
  const text = JSON.stringify(request, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
