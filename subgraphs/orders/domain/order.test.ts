import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actionsOn, advance, isFinal, type Order, type OrderEvent, type PricedLine, place } from './order.ts';

const ID = '0190a000-0000-7000-8000-000000000001';
const CUSTOMER = '0190a000-0000-7000-8000-00000000000c';
const AT = new Date('2026-01-02T03:04:05Z');
const pounds = (minor: bigint) => ({ minor, currencyCode: 'GBP' });

const priced: PricedLine[] = [
  { sku: 'MUG', quantity: 2, name: 'Mug, white', unitPrice: pounds(950n) },
  { sku: 'TEE-M', quantity: 1, name: 'T-shirt, M', unitPrice: pounds(2_000n) },
];
const reserved: OrderEvent = { type: 'stock-reserved', lines: priced };
const authorised: OrderEvent = { type: 'payment-authorised' };
const fulfil: OrderEvent = { type: 'fulfil', carrier: 'Royal Mail', trackingNumber: 'RM1' };
const captured: OrderEvent = { type: 'payment-captured', at: AT };
const captureFailed: OrderEvent = { type: 'capture-failed', message: 'The hold has ended.' };
const expired: OrderEvent = { type: 'payment-expired' };
const retry: OrderEvent = { type: 'retry-payment', paymentMethod: 'tok_other' };
const expire: OrderEvent = { type: 'expire' };
const deliver: OrderEvent = { type: 'deliver', at: AT };
const cancel: OrderEvent = { type: 'cancel', by: 'CUSTOMER' };
const declined: OrderEvent = {
  type: 'payment-declined',
  code: 'INSUFFICIENT_FUNDS',
  message: 'Not enough money.',
};

function placed(expectedTotal: bigint | null = null) {
  return place({
    id: ID,
    customerId: CUSTOMER,
    lines: priced.map(({ sku, quantity }) => ({ sku, quantity })),
    paymentMethod: 'tok_visa',
    expectedTotal: expectedTotal === null ? null : pounds(expectedTotal),
  });
}

/** Lets the events happen one after another; throws where one of them means nothing. */
function given(...events: OrderEvent[]): Order {
  return events.reduce<Order>((order, event) => {
    const step = advance(order, event);
    if (step === null) throw new Error(`${event.type} means nothing to an order that is ${order.status}`);
    return step.order;
  }, placed().order);
}

const asked = (step: ReturnType<typeof advance>) => step?.messages.map((message) => message.type);

describe('an order', () => {
  test('begins as PENDING, version 1, and asks for its stock', () => {
    const { order, messages } = placed();
    expect(order).toMatchObject({ status: 'PENDING', version: 1 });
    expect(messages).toEqual([
      {
        type: 'inventory.reserve-stock',
        key: ID,
        payload: {
          orderId: ID,
          lines: [
            { sku: 'MUG', quantity: 2 },
            { sku: 'TEE-M', quantity: 1 },
          ],
        },
      },
    ]);
  });

  test('fixes names, prices and total when its stock is reserved, and asks for that amount', () => {
    const step = advance(placed().order, reserved);
    expect(step?.order).toMatchObject({
      status: 'RESERVED',
      version: 2,
      total: pounds(3_900n),
      lines: priced,
    });
    expect(step?.messages).toEqual([
      {
        type: 'payments.authorise',
        key: ID,
        payload: {
          orderId: ID,
          customerId: CUSTOMER,
          amount: { minor: '3900', currencyCode: 'GBP' },
          paymentMethod: 'tok_visa',
        },
      },
    ]);
    expect(step?.order).not.toHaveProperty('paymentMethod');
  });

  test('whose total is what the customer agreed to goes on', () => {
    expect(advance(placed(3_900n).order, reserved)?.order.status).toBe('RESERVED');
  });

  test('whose total is not what the customer agreed to is rejected, and its stock released', () => {
    const step = advance(placed(3_899n).order, reserved);
    expect(step?.order).toMatchObject({
      status: 'REJECTED',
      reason: 'PRICE_CHANGED',
      reasonDetail: 'The total is 39.00 GBP, not 38.99 GBP.',
    });
    expect(asked(step)).toEqual(['inventory.release-stock']);
  });

  test('whose unit prices are not what the customer agreed to is rejected, and says the new ones', () => {
    const { order, messages } = place({
      id: ID,
      customerId: CUSTOMER,
      lines: [
        { sku: 'MUG', quantity: 2, expectedPrice: pounds(900n) },
        { sku: 'TEE-M', quantity: 1 },
      ],
      paymentMethod: 'tok_visa',
      expectedTotal: null,
    });
    expect(messages).toMatchObject([
      {
        payload: {
          lines: [{ sku: 'MUG', quotedPrice: { minor: '900', currencyCode: 'GBP' } }, { sku: 'TEE-M' }],
        },
      },
    ]);
    const step = advance(order, reserved);
    expect(step?.order).toMatchObject({
      status: 'REJECTED',
      reason: 'PRICE_CHANGED',
      reasonDetail: 'MUG costs 9.50 GBP, not 9.00 GBP.',
      total: null,
      offer: priced,
    });
    expect(asked(step)).toEqual(['inventory.release-stock']);
  });

  test('in two currencies is rejected, and its stock released', () => {
    const lines = [
      priced[0] as PricedLine,
      { ...(priced[1] as PricedLine), unitPrice: { minor: 1n, currencyCode: 'EUR' } },
    ];
    const step = advance(placed().order, { type: 'stock-reserved', lines });
    expect(step?.order).toMatchObject({ status: 'REJECTED', reason: 'MIXED_CURRENCIES' });
    expect(asked(step)).toEqual(['inventory.release-stock']);
  });

  test('that finds no stock is rejected, saying what there is, and holds nothing to release', () => {
    const step = advance(placed().order, {
      type: 'stock-refused',
      refusals: [{ sku: 'MUG', code: 'OUT_OF_STOCK', requested: 2, available: 1 }],
    });
    expect(step?.order).toMatchObject({
      status: 'REJECTED',
      version: 2,
      reason: 'OUT_OF_STOCK',
      reasonDetail: 'Of MUG only 1 are left, 2 were ordered.',
    });
    expect(asked(step)).toEqual([]);
  });

  test('for something that does not exist is rejected as UNKNOWN_SKU', () => {
    const step = advance(placed().order, {
      type: 'stock-refused',
      refusals: [{ sku: 'NOPE', code: 'UNKNOWN_SKU', requested: 1, available: 0 }],
    });
    expect(step?.order).toMatchObject({ reason: 'UNKNOWN_SKU', reasonDetail: 'There is no NOPE.' });
  });

  test('is confirmed when its payment is authorised', () => {
    expect(given(reserved, authorised)).toMatchObject({ status: 'CONFIRMED', version: 3 });
  });

  test('whose payment is declined is rejected, and its stock released', () => {
    const step = advance(given(reserved), declined);
    expect(step?.order).toMatchObject({
      status: 'REJECTED',
      reason: 'INSUFFICIENT_FUNDS',
      reasonDetail: 'Not enough money.',
      total: pounds(3_900n),
    });
    expect(asked(step)).toEqual(['inventory.release-stock']);
  });

  test('asks for its money when it is fulfilled, leaves when that is there, and is delivered after that', () => {
    const step = advance(given(reserved, authorised), fulfil);
    expect(step?.order).toMatchObject({
      status: 'FULFILLING',
      version: 4,
      parcel: { carrier: 'Royal Mail', trackingNumber: 'RM1' },
    });
    expect(asked(step)).toEqual(['payments.capture']);
    const left = advance(given(reserved, authorised, fulfil), captured);
    expect(left?.order).toMatchObject({
      status: 'FULFILLED',
      version: 5,
      shipment: { carrier: 'Royal Mail', trackingNumber: 'RM1', shippedAt: AT },
    });
    expect(asked(left)).toEqual(['inventory.ship-stock']);
    expect(given(reserved, authorised, fulfil, captured, deliver)).toMatchObject({
      status: 'DELIVERED',
      version: 6,
      shipment: { deliveredAt: AT },
    });
  });

  test('whose capture is refused says so, keeps its stock, and can be paid anew with another card', () => {
    const failed = advance(given(reserved, authorised, fulfil), captureFailed);
    expect(failed?.order).toMatchObject({
      status: 'PAYMENT_FAILED',
      reason: 'PAYMENT_DECLINED',
      reasonDetail: 'The hold has ended.',
      total: pounds(3_900n),
    });
    expect(asked(failed)).toEqual([]);
    const again = advance(given(reserved, authorised, fulfil, captureFailed), retry);
    expect(again?.order).toMatchObject({ status: 'RESERVED', paymentAttempt: 2, lines: priced });
    expect(again?.order).not.toHaveProperty('reason');
    expect(again?.messages).toEqual([
      {
        type: 'payments.reauthorise',
        key: ID,
        payload: { orderId: ID, attempt: 2, paymentMethod: 'tok_other' },
      },
    ]);
    expect(
      given(reserved, authorised, fulfil, captureFailed, retry, authorised, fulfil, captured).status,
    ).toBe('FULFILLED');
  });

  test('paid anew and declined is not lost: it can be paid once more, cancelled, or expires', () => {
    const declinedAgain = [reserved, authorised, expired, retry, declined];
    expect(given(...declinedAgain)).toMatchObject({ status: 'PAYMENT_FAILED', reason: 'INSUFFICIENT_FUNDS' });
    expect(given(...declinedAgain, retry)).toMatchObject({ status: 'RESERVED', paymentAttempt: 3 });
    for (const [last, reason] of [
      [cancel, 'CANCELLED_BY_CUSTOMER'],
      [expire, 'EXPIRED'],
    ] as const) {
      const step = advance(given(...declinedAgain), last);
      expect(step?.order).toMatchObject({ status: 'CANCELLED', reason });
      expect(asked(step)).toEqual(['payments.void', 'inventory.release-stock']);
    }
  });

  test.each([
    ['CONFIRMED', given(reserved, authorised)],
    ['FULFILLING', given(reserved, authorised, fulfil)],
  ])('that is %s when its authorisation ends is PAYMENT_FAILED', (_, order) => {
    expect(advance(order, expired)?.order).toMatchObject({
      status: 'PAYMENT_FAILED',
      reason: 'AUTHORISATION_EXPIRED',
    });
  });

  test.each([
    ['PENDING', placed().order, ['inventory.release-stock']],
    ['RESERVED', given(reserved), ['payments.void', 'inventory.release-stock']],
  ] as const)('that is %s for too long expires, giving back what it may hold', (_, order, messages) => {
    const step = advance(order, expire);
    expect(step?.order).toMatchObject({ status: 'CANCELLED', reason: 'EXPIRED' });
    expect(asked(step)).toEqual(messages);
    for (const late of [reserved, authorised, declined])
      expect(advance(step?.order as Order, late)).toBeNull();
  });

  test('that is paid for does not expire, and one whose money is just being taken cannot be cancelled', () => {
    for (const paid of [given(reserved, authorised), given(reserved, authorised, fulfil)])
      expect(advance(paid, expire)).toBeNull();
    expect(advance(given(reserved, authorised, fulfil), cancel)).toBeNull();
  });

  test('that was sent off before goods waited for their money says so when the capture is refused', () => {
    const left = given(reserved, authorised, fulfil, captured);
    expect(advance(left, captureFailed)?.order).toMatchObject({ status: 'PAYMENT_FAILED' });
  });

  test('offers exactly the actions that move it', () => {
    const events = { CANCEL: cancel, RETRY_PAYMENT: retry, FULFIL: fulfil, DELIVER: deliver } as const;
    const orders = [
      placed().order,
      given(reserved),
      given(reserved, authorised),
      given(reserved, authorised, fulfil),
      given(reserved, authorised, fulfil, captureFailed),
      given(reserved, authorised, fulfil, captured),
      given(reserved, authorised, fulfil, captured, deliver),
      given(cancel),
    ];
    for (const order of orders) {
      const possible = Object.entries(events).filter(([, event]) => advance(order, event) !== null);
      expect(actionsOn(order.status, 'STAFF').toSorted()).toEqual(possible.map(([name]) => name).toSorted());
    }
  });

  test.each([
    ['PENDING', placed().order, ['inventory.release-stock']],
    ['RESERVED', given(reserved), ['payments.void', 'inventory.release-stock']],
    ['CONFIRMED', given(reserved, authorised), ['payments.void', 'inventory.release-stock']],
  ] as const)('that is %s can be cancelled, giving back what it may hold', (_, order, messages) => {
    const step = advance(order, { type: 'cancel', by: 'STAFF' });
    expect(step?.order).toMatchObject({
      status: 'CANCELLED',
      reason: 'CANCELLED_BY_STAFF',
      version: order.version + 1,
    });
    expect(asked(step)).toEqual(messages);
  });

  test('that has left cannot be cancelled', () => {
    expect(advance(given(reserved, authorised, fulfil, captured), cancel)).toBeNull();
    expect(advance(given(reserved, authorised, fulfil, captured, deliver), cancel)).toBeNull();
  });

  test('that is cancelled ignores replies that come late', () => {
    for (const late of [reserved, authorised, declined]) expect(advance(given(cancel), late)).toBeNull();
  });
});

const CAPTURE_ANSWERS = ['payment-captured', 'capture-failed', 'payment-expired'];

/** What inventory and payments hold for the order, by the messages they were sent. */
function heldAfter(messages: readonly string[], replies: readonly OrderEvent[]) {
  const stockTaken = replies.some((reply) => reply.type === 'stock-reserved');
  const stock = stockTaken && !messages.includes('inventory.release-stock');
  const money =
    replies.some((reply) => reply.type === 'payment-authorised') && !messages.includes('payments.void');
  return { stock, money };
}

describe('whatever happens to an order, in whatever order and however often', () => {
  const event = fc.constantFrom<OrderEvent>(
    reserved,
    { type: 'stock-refused', refusals: [{ sku: 'MUG', code: 'OUT_OF_STOCK', requested: 2, available: 0 }] },
    authorised,
    declined,
    cancel,
    { type: 'cancel', by: 'STAFF' },
    fulfil,
    captured,
    captureFailed,
    expired,
    retry,
    expire,
    deliver,
  );

  test('each step is one version, a final status stays, and nothing is held for an order that came to nothing', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 20 }),
        fc.option(fc.constantFrom(3_900n, 1n)),
        (events, expectedTotal) => {
          let { order }: { order: Order } = placed(expectedTotal);
          const messages: string[] = [];
          const applied: OrderEvent[] = [];
          for (const each of events) {
            const step = advance(order, each);
            if (step === null) continue;
            expect(isFinal(order.status)).toBe(false);
            expect(step.order.version).toBe(order.version + 1);
            expect(step.order.id).toBe(ID);
            order = step.order;
            messages.push(...step.messages.map((message) => message.type));
            applied.push(each);
          }
          const held = heldAfter(messages, applied);
          if (order.status === 'REJECTED' || order.status === 'CANCELLED')
            expect(held).toEqual({ stock: false, money: false });
          if (order.status === 'CONFIRMED') expect(held).toEqual({ stock: true, money: true });
          expect(messages.filter((type) => type === 'payments.authorise').length).toBeLessThanOrEqual(1);
          // Goods leave once at most, and only when the money has been taken for them.
          const shipments = messages.filter((type) => type === 'inventory.ship-stock').length;
          expect(shipments).toBe(applied.filter(({ type }) => type === 'payment-captured').length);
          if (order.status === 'DELIVERED') expect(shipments).toBeGreaterThan(0);
          // Nothing is let go of while it may be taken: between a capture and its answer there is no void.
          const lastCapture = messages.lastIndexOf('payments.capture');
          const answered = applied.some(({ type }) => CAPTURE_ANSWERS.includes(type));
          if (messages.indexOf('payments.void') > lastCapture && lastCapture >= 0)
            expect(answered).toBe(true);
          if (isFinal(order.status)) expect(actionsOn(order.status, 'STAFF')).toEqual([]);
          else if (order.status !== 'FULFILLING') expect(actionsOn(order.status, 'STAFF')).not.toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
