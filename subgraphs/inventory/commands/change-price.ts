import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import { Refusal } from '#platform/errors/refusal.ts';
import { optionalIdempotencyKey } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { findVariantsBySku, updatePrice } from '../db/catalogue.queries.ts';
import { price } from '../domain/price.ts';
import { sku } from '../domain/sku.ts';
import { once } from './once.ts';

const changePriceInput = z.object({ sku, price, idempotencyKey: optionalIdempotencyKey });

/**
 * Staff: what orders placed from now on are reserved at. Told twice it changes nothing more; under a key it does not bring
 * a price back that has changed since. Refuses with NOT_FOUND, IDEMPOTENCY_CONFLICT and INVALID_INPUT. Returns the variant's
 * id.
 */
export async function changePrice(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ variantId: string }> {
  const staff = requireStaff(actor);
  const { sku: known, price: wanted, idempotencyKey } = parseInput(changePriceInput, rawInput);

  return database.db.transaction(async (tx) => {
    const [variant] = await findVariantsBySku(tx, [known]);
    if (variant === undefined)
      throw new Refusal('NOT_FOUND', `There is no variant ${known}.`, ['input', 'sku']);
    const change = async () => void (await updatePrice(tx, known, wanted));
    if (idempotencyKey === null) {
      await change();
      return { variantId: variant.id };
    }
    const request = { action: 'changePrice', sku: known, price: wanted };
    const key = { actorId: staff.userId, idempotencyKey, request, resultId: variant.id };
    return { variantId: await once(tx, key, change) };
  });
}
