import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { type Actor, requireUser } from '#platform/auth/actor.ts';
import { once, parseKeyedInput } from '#platform/idempotency/once.ts';
import { moneyInput } from '#platform/input/money.ts';
import { idempotencyKey as key, optionalLine, requiredLine } from '#platform/input/text.ts';
import { appendToOutbox } from '#platform/messaging/outbox.ts';
import type { Database } from '#platform/postgres/database.ts';
import { keys } from '../db/idempotency.queries.ts';
import { insertOrder } from '../db/order.queries.ts';
import { place } from '../domain/order.ts';

const LINES_AT_MOST = 100;
const QUANTITY_AT_MOST = 1_000;

/** Undefined where it is not given, so that it leaves no trace in what the idempotency key stands for. */
const expectedMoney = moneyInput({ least: 0n })
  .nullish()
  .transform((money) => money ?? undefined);

const placeOrderInput = z.object({
  idempotencyKey: key,
  lines: z
    .array(
      z
        .object({
          sku: requiredLine(100),
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
      for (const [index, line] of lines.entries()) {
        const sku = line.sku.toUpperCase();
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
    countryCode: z.string().length(2),
  }),
  expectedTotal: expectedMoney.transform((money) => money ?? null),
});

type Written = Omit<z.output<typeof placeOrderInput>, 'idempotencyKey'>;

/** SKUs and countries are in capitals: however a customer writes one, it is the same. */
function inCapitals(written: Written): Written {
  const { lines, shippingAddress } = written;
  return {
    ...written,
    lines: lines.map((line) => ({ ...line, sku: line.sku.toUpperCase() })),
    shippingAddress: { ...shippingAddress, countryCode: shippingAddress.countryCode.toUpperCase() },
  };
}

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
  const { db } = database;
  const input = await parseKeyedInput(db, keys, customer.userId, placeOrderInput, rawInput);
  const { idempotencyKey, shippingAddress: address, ...basket } = input;
  const written = { ...basket, shippingAddress: address };
  const request = inCapitals(written);

  return db.transaction(async (tx) => {
    const createdAt = new Date();
    const { order, messages } = place({ ...request, id: uuidv7(), customerId: customer.userId });
    const claim = {
      actorId: customer.userId,
      idempotencyKey,
      request,
      formerRequests: [request, written],
      resultId: order.id,
    };
    const orderId = await once(tx, keys, claim, async () => {
      await insertOrder(tx, { ...order, shippingAddress: request.shippingAddress, createdAt });
      await appendToOutbox(tx, messages, createdAt);
    });
    return { orderId };
  });
}
