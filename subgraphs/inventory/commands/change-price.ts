import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import { Refusal } from '#platform/errors/refusal.ts';
import type { Database } from '#platform/postgres/database.ts';
import { updatePrice } from '../db/catalogue.queries.ts';
import { price } from '../domain/price.ts';
import { sku } from '../domain/sku.ts';

const changePriceInput = z.object({ sku, price });

/**
 * Staff: what orders placed from now on are reserved at. Told twice it changes nothing more, so it takes no key. Refuses
 * with NOT_FOUND and INVALID_INPUT. Returns the variant's id.
 */
export async function changePrice(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ variantId: string }> {
  requireStaff(actor);
  const { sku, price: wanted } = parseInput(changePriceInput, rawInput);

  const changed = await updatePrice(database.db, sku, wanted);
  if (changed === null) throw new Refusal('NOT_FOUND', `There is no variant ${sku}.`, ['input', 'sku']);
  return { variantId: changed.id };
}
