import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, isFinal, type Order, type OrderEvent, type PricedLine, place } from './order.ts';

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
const fulfil: OrderEvent = { type: 'fulfil', carrier: 'Royal Mail', trackingNumber: 'RM1', at: AT };
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

  test('is captured and shipped when it is fulfilled, and delivered after that', () => {
    const step = advance(given(reserved, authorised), fulfil);
    expect(step?.order).toMatchObject({
      status: 'FULFILLED',
      version: 4,
      shipment: { carrier: 'Royal Mail', trackingNumber: 'RM1', shippedAt: AT },
    });
    expect(asked(step)).toEqual(['payments.capture', 'inventory.ship-stock']);
    expect(given(reserved, authorised, fulfil, deliver)).toMatchObject({
      status: 'DELIVERED',
      version: 5,
      shipment: { deliveredAt: AT },
    });
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
    expect(advance(given(reserved, authorised, fulfil), cancel)).toBeNull();
    expect(advance(given(reserved, authorised, fulfil, deliver), cancel)).toBeNull();
  });

  test('that is cancelled ignores replies that come late', () => {
    for (const late of [reserved, authorised, declined]) expect(advance(given(cancel), late)).toBeNull();
  });
});

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
          expect(messages.filter((type) => type === 'payments.capture').length).toBeLessThanOrEqual(1);
          expect(messages.includes('payments.capture') && messages.includes('payments.void')).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
