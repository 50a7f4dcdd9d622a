import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { once, parseKeyedInput } from '#platform/idempotency/once.ts';
import { optionalIdempotencyKey } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { findVariantsBySku, updatePrice } from '../db/catalogue.queries.ts';
import { keys } from '../db/idempotency.queries.ts';
import { variantNotFound } from './refusals.ts';
import { price, sku } from './input/inputs.ts';

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
  const { db } = database;
  const input = await parseKeyedInput(db, keys, staff.userId, changePriceInput, rawInput);
  const { sku: known, price: wanted, idempotencyKey } = input;

  return db.transaction(async (tx) => {
    const [variant] = await findVariantsBySku(tx, [known]);
    const claim = {
      actorId: staff.userId,
      idempotencyKey,
      request: { action: 'changePrice', sku: known, price: wanted },
      resultId: variant?.id ?? null,
    };
    const variantId = await once(tx, keys, claim, async () => {
      if (variant === undefined) throw variantNotFound(known);
      await updatePrice(tx, known, wanted);
    });
    return { variantId };
  });
}
