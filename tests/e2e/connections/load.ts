import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CancelOrderDocument,
  FulfilOrderDocument,
  OrderDetailsDocument,
  PlaceOrderDocument,
  RefundPaymentDocument,
} from '#tests/documents/documents.generated.ts';
import type { Random } from '#tests/oracle/random.ts';
import { AnswerError, type ApiClient } from '#tests/support/api-client.ts';
import { insist } from '#system/patience.ts';

/** What customers and staff were told was done. */
export interface Acknowledged {
  readonly orders: string[];
  readonly cancelled: string[];
  readonly refunds: string[];
  /** Codes of all errors that anybody got on the way, and how often. */
  readonly errors: Record<string, number>;
}

export interface LoadOptions {
  readonly customer: ApiClient;
  readonly staff: ApiClient;
  readonly sku: string;
  readonly random: Random;
  readonly over: AbortSignal;
}

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 150;
const shippingAddress = {
  name: 'Ada Lovelace',
  line1: '12 St James Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  countryCode: 'GB',
};

/** One after another, until it is over: an order that is cancelled, or goes out and is paid back in part, or neither. */
export async function shop(options: LoadOptions, told: Acknowledged): Promise<void> {
  const { customer, staff, sku, random, over } = options;

  /** Asks under one key until answered, as clients are told to. */
  const sure = <Answer>(ask: () => Promise<Answer>) =>
    insist(
      () =>
        ask().catch((error: unknown) => {
          const codes = error instanceof AnswerError ? error.codes : ['NO ANSWER'];
          for (const code of codes) told.errors[code] = (told.errors[code] ?? 0) + 1;
          throw error;
        }),
      PATIENCE_MS,
    );

  async function reached(id: string, done: (order: Details) => boolean): Promise<Details | null> {
    while (!over.aborted) {
      const { order } = await sure(() => customer.ask(OrderDetailsDocument, { id }));
      if (order != null && done(order)) return order;
      await delay(LOOK_EVERY_MS);
    }
    return null;
  }

  while (!over.aborted) {
    const input = {
      idempotencyKey: randomUUID(),
      lines: [{ sku, quantity: 1 }],
      paymentMethod: 'tok_visa',
      shippingAddress,
    };
    const { placeOrder } = await sure(() => customer.ask(PlaceOrderDocument, { input }));
    const id = placeOrder.order?.id;
    if (id === undefined) throw new Error(JSON.stringify(placeOrder.userErrors));
    told.orders.push(id);
    const fate = random.below(3);
    if (fate === 0) {
      await delay(random.below(100));
      const cancel = { orderId: id, idempotencyKey: randomUUID() };
      const { cancelOrder } = await sure(() => customer.ask(CancelOrderDocument, { input: cancel }));
      if (cancelOrder.userErrors.length === 0) told.cancelled.push(id);
    } else if (fate === 1) {
      if ((await reached(id, ({ status }) => status === 'CONFIRMED')) === null) return;
      const parcel = {
        orderId: id,
        carrier: 'Royal Mail',
        trackingNumber: 'RM1',
        idempotencyKey: randomUUID(),
      };
      await sure(() => staff.ask(FulfilOrderDocument, { input: parcel }));
      const paid = await reached(id, ({ payment }) => payment?.status === 'CAPTURED');
      const amount = paid?.payment?.amount;
      if (paid?.payment == null || amount === undefined) return;
      const refund = {
        idempotencyKey: randomUUID(),
        paymentId: paid.payment.id,
        amount: { amount: '1', currencyCode: amount.currencyCode },
      };
      const { refundPayment } = await sure(() => staff.ask(RefundPaymentDocument, { input: refund }));
      if (refundPayment.refund == null) throw new Error(JSON.stringify(refundPayment.userErrors));
      told.refunds.push(refundPayment.refund.id);
    }
  }
}

interface Details {
  readonly status: string;
  readonly payment?: {
    readonly id: string;
    readonly status: string;
    readonly amount: { readonly currencyCode: string };
  } | null;
}
