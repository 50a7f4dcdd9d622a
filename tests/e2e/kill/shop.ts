import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CancelOrderDocument,
  DeliverOrderDocument,
  FulfilOrderDocument,
  type OrderStatus,
  PlaceOrderDocument,
} from '#tests/documents/documents.generated.ts';
import type { Random } from '#tests/oracle/random.ts';
import type { ApiClient } from '#tests/support/api-client.ts';
import { insist } from '#system/patience.ts';

/** How an order ends, if nothing goes wrong with the test. */
export type Fate = 'DELIVERED' | 'CANCELLED' | 'REJECTED';

export interface Shop {
  readonly customer: ApiClient;
  readonly staff: ApiClient;
  readonly sku: string;
  /** What the orders database says of an order now. */
  statusOf(orderId: string): Promise<OrderStatus>;
}

const LOOK_EVERY_MS = 200;
/** A service that is killed over and over may be away for longer than a client in a shop would wait. */
const PATIENCE_MS = 120_000;
const ADDRESS = {
  name: 'Ada Lovelace',
  line1: '12 St James Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  countryCode: 'GB',
};

export async function placeOrder({ customer, sku }: Shop, fate: Fate): Promise<string> {
  const input = {
    idempotencyKey: randomUUID(),
    lines: [{ sku, quantity: 1 }],
    paymentMethod: fate === 'REJECTED' ? 'tok_declined' : 'tok_visa',
    shippingAddress: ADDRESS,
  };
  const { placeOrder: placed } = await insist(() => customer.ask(PlaceOrderDocument, { input }), PATIENCE_MS);
  if (placed.order == null) throw new Error(JSON.stringify(placed.userErrors));
  return placed.order.id;
}

/**
 * Moves an order to its fate, with pauses of up to `pauseMs` between the steps until `hurry` is aborted, and none after.
 * Every step is asked for again until it is answered.
 */
export async function moveOrder(
  shop: Shop,
  orderId: string,
  fate: Fate,
  pacing: { readonly random: Random; readonly pauseMs: number; readonly hurry: AbortSignal },
): Promise<void> {
  const { customer, staff } = shop;
  const pause = () => pauseUnless(pacing.hurry, pacing.random.below(pacing.pauseMs));
  const until = async (status: OrderStatus) => {
    while ((await shop.statusOf(orderId)) !== status) await delay(LOOK_EVERY_MS);
  };
  await pause();
  if (fate === 'CANCELLED') {
    const input = { orderId, idempotencyKey: randomUUID() };
    const { cancelOrder } = await insist(() => customer.ask(CancelOrderDocument, { input }), PATIENCE_MS);
    expectNone(cancelOrder.userErrors);
  } else if (fate === 'DELIVERED') {
    await until('CONFIRMED');
    await pause();
    const parcel = { orderId, carrier: 'Royal Mail', trackingNumber: 'RM1', idempotencyKey: randomUUID() };
    const { fulfilOrder } = await insist(
      () => staff.ask(FulfilOrderDocument, { input: parcel }),
      PATIENCE_MS,
    );
    expectNone(fulfilOrder.userErrors);
    await until('FULFILLED');
    await pause();
    const input = { orderId, idempotencyKey: randomUUID() };
    const { deliverOrder } = await insist(() => staff.ask(DeliverOrderDocument, { input }), PATIENCE_MS);
    expectNone(deliverOrder.userErrors);
  }
  await until(fate);
}

/** Part of the schedule, not of waiting for something. */
export async function pauseUnless(hurry: AbortSignal, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: hurry }).catch(() => {});
}

function expectNone(userErrors: readonly object[]): void {
  if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
}
