import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { type Actor, requireUser } from '#platform/auth/actor.ts';
import { parseInput } from '#platform/errors/parse-input.ts';
import { moneyInput } from '#platform/input/money.ts';
import { idempotencyKey as key, optionalLine, requiredLine } from '#platform/input/text.ts';
import { appendToOutbox } from '#platform/outbox/outbox.ts';
import type { Database } from '#platform/postgres/database.ts';
import { insertOrder } from '../db/order.queries.ts';
import { place } from '../domain/order.ts';
import { once } from './once.ts';

const LINES_AT_MOST = 100;
const QUANTITY_AT_MOST = 1_000;

/** Undefined where it is not given, so that it leaves no trace in what the idempotency key stands for. */
const expectedMoney = moneyInput({ least: 0n })
  .nullish()
  .transform((money) => money ?? undefined);

/** SKUs are written in capitals: however a customer writes one, it is the same. */
const sku = requiredLine(100).transform((text) => text.toUpperCase());

const placeOrderInput = z.object({
  idempotencyKey: key,
  lines: z
    .array(
      z
        .object({
          sku,
          quantity: z.int().min(1, 'at least 1').max(QUANTITY_AT_MOST, `at most ${QUANTITY_AT_MOST}`),
          expectedUnitPrice: expectedMoney,
        })
        .transform(({ sku, quantity, expectedUnitPrice }) => ({
          sku,
          quantity,
          ...(expectedUnitPrice !== undefined && { expectedPrice: expectedUnitPrice }),
        })),
    )
    .min(1, 'An order has at least one line.')
    .max(LINES_AT_MOST, `An order has at most ${LINES_AT_MOST} lines.`)
    .superRefine((lines, context) => {
      const seen = new Set<string>();
      for (const [index, { sku }] of lines.entries()) {
        if (seen.has(sku))
          context.addIssue({
            code: 'custom',
            path: [index, 'sku'],
            message: `${sku} stands in two lines: put its quantities together.`,
          });
        seen.add(sku);
      }
    }),
  paymentMethod: requiredLine(200),
  shippingAddress: z.object({
    name: requiredLine(200),
    line1: requiredLine(200),
    line2: optionalLine(200),
    city: requiredLine(200),
    region: optionalLine(200),
    postalCode: requiredLine(20),
    countryCode: z.string().length(2).toUpperCase(),
  }),
  expectedTotal: expectedMoney.transform((money) => money ?? null),
});

/**
 * Accepts an order as PENDING and asks inventory for its stock; the rest happens as replies come in (see events.ts).
 * Refuses with INVALID_INPUT and IDEMPOTENCY_CONFLICT. Returns the id of the order: the one this made, or the one that
 * the same key made before.
 */
export async function placeOrder(
  { database, actor }: { database: Database; actor: Actor },
  rawInput: unknown,
): Promise<{ orderId: string }> {
  const customer = requireUser(actor);
  const { idempotencyKey, shippingAddress, ...request } = parseInput(placeOrderInput, rawInput);

  return database.db.transaction(async (tx) => {
    const createdAt = new Date();
    const { order, messages } = place({ ...request, id: uuidv7(), customerId: customer.userId });
    const claim = {
      actorId: customer.userId,
      idempotencyKey,
      request: { ...request, shippingAddress },
      orderId: order.id,
    };
    const orderId = await once(tx, claim, async () => {
      await insertOrder(tx, { ...order, shippingAddress, createdAt });
      await appendToOutbox(tx, messages, createdAt);
    });
    return { orderId };
  });
}
