import type { z } from 'zod';
import { parseInput } from '#platform/input/parse-input.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import { idempotencyKey as keyText } from '#platform/input/text.ts';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { formerRequestHash, requestHash } from './request-hash.ts';

/** Whose key it is, and the key: everybody's keys are their own. */
export interface Key {
  readonly actorId: string;
  readonly key: string;
}

/** What the first request with a key was, and what it made. */
export interface Use {
  readonly requestHash: string;
  /** A UUID. */
  readonly resultId: string;
}

/** The table of a service's keys. */
export interface KeyStore {
  /**
   * Claims a key for this request. Null when it is now ours; otherwise what an earlier request did with it. A request that
   * comes while the first is still under way waits for it here.
   */
  claim(tx: Transaction, claim: Key & Use): Promise<Use | null>;
  find(db: Queryable, key: Key): Promise<Use | null>;
}

export interface OnceOptions {
  readonly actorId: string;
  /** Null: the work is done whenever it is asked for. */
  readonly idempotencyKey: string | null;
  /** What the key stands for: the parsed input without its key. Its first field names the action, for a key serves one. */
  readonly request: object;
  /** The same in forms that keys of earlier versions may hold it in; without it, as `request` stands. */
  readonly formerRequests?: readonly unknown[];
  /** What a later request with this key is answered. Null where there is no such thing: the work must refuse then. */
  readonly resultId: string | null;
}

const NOTHING = '00000000-0000-0000-0000-000000000000';

/**
 * Does the work for the first request with this key and passes it over for the same request told again; another request
 * is refused with IDEMPOTENCY_CONFLICT, whatever else is wrong with it. So all that the state of the world decides belongs
 * into the work. A refusal of the work frees the key with its transaction: nothing was done, so it may be tried again.
 * Returns the id of the result: this one's, or that of the request before.
 */
export async function once(
  tx: Transaction,
  keys: KeyStore,
  { actorId, idempotencyKey, request, formerRequests = [request], resultId }: OnceOptions,
  work: () => Promise<void>,
): Promise<string> {
  const hash = requestHash(request);
  const use = { requestHash: hash, resultId: resultId ?? NOTHING };
  const earlier =
    idempotencyKey === null ? null : await keys.claim(tx, { actorId, key: idempotencyKey, ...use });
  if (earlier === null) {
    await work();
    return use.resultId;
  }
  if (![hash, ...formerRequests.map(formerRequestHash)].includes(earlier.requestHash)) throw keyConflict();
  return earlier.resultId;
}

/**
 * Parses the input of a mutation that takes an `idempotencyKey`. What is not valid is not what a used key stands for: where
 * it comes with one, that is what is refused (IDEMPOTENCY_CONFLICT), and only otherwise the field (INVALID_INPUT).
 */
export async function parseKeyedInput<Schema extends z.ZodType>(
  db: Queryable,
  keys: KeyStore,
  actorId: string,
  schema: Schema,
  input: unknown,
): Promise<z.output<Schema>> {
  try {
    return parseInput(schema, input);
  } catch (refusal) {
    const given = typeof input === 'object' && input !== null && 'idempotencyKey' in input;
    const key = keyText.safeParse(given ? input.idempotencyKey : null);
    if (key.success && (await keys.find(db, { actorId, key: key.data })) !== null) throw keyConflict();
    throw refusal;
  }
}

const keyConflict = () =>
  new Refusal(
    'IDEMPOTENCY_CONFLICT',
    'This key was used for a different request. Use a new key for a new request.',
    ['input', 'idempotencyKey'],
  );
