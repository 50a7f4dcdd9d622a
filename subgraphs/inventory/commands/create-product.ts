import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { type Actor, requireStaff } from '#platform/auth/actor.ts';
import { Refusal } from '#platform/refusal/refusal.ts';
import { once, parseKeyedInput } from '#platform/idempotency/once.ts';
import { idempotencyKey as key, requiredLine, requiredProse } from '#platform/input/text.ts';
import type { Database } from '#platform/postgres/database.ts';
import { insertProducts } from '../db/catalogue.queries.ts';
import { keys } from '../db/idempotency.queries.ts';
import { price } from './input/inputs.ts';

const VARIANTS_AT_MOST = 100;

const createProductInput = z.object({
  idempotencyKey: key,
  name: requiredLine(200),
  description: requiredProse(5_000),
  variants: z
    .array(
      z.object({
        sku: z
          .string()
          .regex(/^[A-Z0-9](-?[A-Z0-9])*$/, 'capital letters and digits, with single hyphens between')
          .max(40, 'at most 40 characters'),
        name: requiredLine(100),
        price,
      }),
    )
    .min(1, 'A product has at least one variant.')
    .max(VARIANTS_AT_MOST, `A product has at most ${VARIANTS_AT_MOST} variants.`)
    .superRefine((variants, context) => {
      const seen = new Set<string>();
      for (const [index, { sku }] of variants.entries()) {
        if (seen.has(sku))
          context.addIssue({ code: 'custom', path: [index, 'sku'], message: `${sku} stands here twice.` });
        seen.add(sku);
      }
    }),
});

/**
 * Staff: a new product, no units of it yet. Refuses with SKU_TAKEN, IDEMPOTENCY_CONFLICT and INVALID_INPUT. Returns the
 * product's id.
 */
export async function createProduct(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ productId: string }> {
  const staff = requireStaff(actor);
  const { db } = database;
  const input = await parseKeyedInput(db, keys, staff.userId, createProductInput, rawInput);
  const { idempotencyKey, ...product } = input;

  return db.transaction(async (tx) => {
    const id = uuidv7();
    const claim = {
      actorId: staff.userId,
      idempotencyKey,
      request: { action: 'createProduct', ...product },
      resultId: id,
    };
    const productId = await once(tx, keys, claim, async () => {
      const stored = new Set((await insertProducts(tx, [{ id, ...product }])).map(({ sku }) => sku));
      const taken = product.variants.findIndex(({ sku }) => !stored.has(sku));
      const field = ['input', 'variants', taken, 'sku'];
      if (taken >= 0)
        throw new Refusal(
          'SKU_TAKEN',
          `${product.variants[taken]?.sku} is the SKU of another variant.`,
          field,
        );
    });
    return { productId };
  });
}
