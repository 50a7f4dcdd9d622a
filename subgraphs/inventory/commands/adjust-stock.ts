import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import { once, parseKeyedInput } from '#platform/idempotency/once.ts';
import { idempotencyKey as key, optionalProse, requiredLine } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { findVariantsBySku } from '../db/catalogue.queries.ts';
import { keys } from '../db/idempotency.queries.ts';
import { adjustOnHand, findWarehouseId, ON_HAND_AT_MOST } from '../db/stock.queries.ts';
import { variantNotFound } from './refusals.ts';
import { sku } from './input/inputs.ts';

const adjustStockInput = z.object({
  idempotencyKey: key,
  sku,
  warehouseCode: requiredLine(100),
  delta: z
    .int()
    .min(-ON_HAND_AT_MOST, `at least -${ON_HAND_AT_MOST}`)
    .max(ON_HAND_AT_MOST, `at most ${ON_HAND_AT_MOST}`)
    .refine((delta) => delta !== 0, 'must not be 0'),
  reason: optionalProse(500),
});

/**
 * Staff: units came in (delta > 0) or are gone (delta < 0). Refuses with NOT_FOUND, INSUFFICIENT_STOCK where fewer would
 * be on hand than are reserved, IDEMPOTENCY_CONFLICT and INVALID_INPUT. Returns the variant's id.
 */
export async function adjustStock(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ variantId: string }> {
  const staff = requireStaff(actor);
  const { db } = database;
  const input = await parseKeyedInput(db, keys, staff.userId, adjustStockInput, rawInput);
  const { idempotencyKey, ...request } = input;
  const { sku, warehouseCode, delta, reason } = request;

  return db.transaction(async (tx) => {
    const [variant] = await findVariantsBySku(tx, [sku]);
    const claim = {
      actorId: staff.userId,
      idempotencyKey,
      request: { action: 'adjustStock', ...request },
      resultId: variant?.id ?? null,
    };
    const variantId = await once(tx, keys, claim, async () => {
      if (variant === undefined) throw variantNotFound(sku);
      const warehouseId = await findWarehouseId(tx, warehouseCode);
      if (warehouseId === null)
        throw new Refusal('NOT_FOUND', `There is no warehouse ${warehouseCode}.`, ['input', 'warehouseCode']);
      const moved = await adjustOnHand(tx, {
        variantId: variant.id,
        warehouseId,
        delta,
        actorId: staff.userId,
        reason,
      });
      if (!moved) throw delta < 0 ? insufficientStock(sku, warehouseCode) : tooMany();
    });
    return { variantId };
  });
}

const insufficientStock = (sku: string, warehouseCode: string) =>
  new Refusal(
    'INSUFFICIENT_STOCK',
    `Fewer units of ${sku} would be in ${warehouseCode} than are reserved for orders.`,
    ['input', 'delta'],
  );

const tooMany = () =>
  new Refusal('INVALID_INPUT', `A warehouse holds at most ${ON_HAND_AT_MOST} units of a variant.`, [
    'input',
    'delta',
  ]);
