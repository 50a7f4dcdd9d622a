import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authorise, basket, capture, expirePayment, failCapture, reserve, startOrders } from './testing.ts';

type Orders = Awaited<ReturnType<typeof startOrders>>;
let orders: Orders;
beforeAll(async () => {
  orders = await startOrders();
});
afterAll(() => orders[Symbol.asyncDispose]());

const FULFIL = `mutation ($id: ID!, $key: String, $tracking: String = "T-1") {
  fulfilOrder(input: { orderId: $id, carrier: "DHL", trackingNumber: $tracking, idempotencyKey: $key }) { order { id status } userErrors { code field } } }`;
const DELIVER = `mutation ($id: ID!, $key: String) {
  deliverOrder(input: { orderId: $id, idempotencyKey: $key }) { order { id status } userErrors { code field } } }`;
const CANCEL = `mutation ($id: ID!, $key: String) {
  cancelOrder(input: { orderId: $id, idempotencyKey: $key }) { order { id status reason } userErrors { code field } } }`;
const RETRY = `mutation ($id: ID!, $key: String!, $card: String) {
  retryPayment(input: { orderId: $id, idempotencyKey: $key, paymentMethod: $card }) { order { id status } userErrors { code field message } } }`;

/** An order that is CONFIRMED, at version 3. */
async function confirmed(): Promise<string> {
  const { id } = (await orders.place()).order;
  await reserve(orders.bus, id);
  await authorise(orders.bus, id);
  await orders.reached(id, 3);
  return id;
}

/** What left for other services about an order, oldest first. */
async function asked(id: string): Promise<string[]> {
  const waiting = await orders.database.sql<{ id: string; type: string }[]>`
    select id, type from messaging.outbox where key = ${id} order by position`;
  const sent = await orders.busDatabase.sql<{ id: string; type: string }[]>`
    select id, type from bus.messages where key = ${id} and (type like 'inventory.%' or type like 'payments.%') order by position`;
  return [...new Map([...sent, ...waiting].map((message) => [message.id, message.type])).values()];
}

describe('an order whose capture is refused', () => {
  test('does not leave, says PAYMENT_FAILED and what can be done, and is paid anew', async () => {
    const id = await confirmed();
    const fulfilling = orders.client.ask(FULFIL, { id }, orders.staff);
    await orders.reached(id, 4);
    await failCapture(orders.bus, id);
    expect(await fulfilling).toEqual({
      fulfilOrder: { order: { id, status: 'PAYMENT_FAILED' }, userErrors: [] },
    });
    expect(await orders.view(id)).toMatchObject({
      status: 'PAYMENT_FAILED',
      reason: 'PAYMENT_DECLINED',
      reasonDetail: 'The hold has ended.',
      actions: ['RETRY_PAYMENT', 'CANCEL'],
      shipment: null,
    });
    expect(await asked(id)).not.toContain('inventory.ship-stock');

    const key = uuidv7();
    for (const _ of ['once', 'told again']) {
      expect(await orders.client.ask(RETRY, { id, key, card: 'tok_visa' }, orders.ada)).toMatchObject({
        retryPayment: { order: { status: 'RESERVED' }, userErrors: [] },
      });
    }
    await authorise(orders.bus, id);
    await orders.reached(id, 7);
    const again = orders.client.ask(FULFIL, { id }, orders.staff);
    await orders.reached(id, 8);
    await capture(orders.bus, id);
    expect(await again).toMatchObject({ fulfilOrder: { order: { status: 'FULFILLED' } } });
    expect(await asked(id)).toEqual([
      'inventory.reserve-stock',
      'payments.authorise',
      'payments.capture',
      'payments.reauthorise',
      'payments.capture',
      'inventory.ship-stock',
    ]);
  });

  test('or whose hold has ended can be cancelled, which lets go of stock and money', async () => {
    const id = await confirmed();
    await expirePayment(orders.bus, id);
    await orders.reached(id, 4);
    expect(await orders.view(id)).toMatchObject({
      status: 'PAYMENT_FAILED',
      reason: 'AUTHORISATION_EXPIRED',
    });
    expect(await orders.client.ask(CANCEL, { id }, orders.ada)).toMatchObject({
      cancelOrder: { order: { status: 'CANCELLED', reason: 'CANCELLED_BY_CUSTOMER' } },
    });
    expect((await asked(id)).slice(-2)).toEqual(['payments.void', 'inventory.release-stock']);
  });

  test('is nobody else’s to pay, and an order that is not PAYMENT_FAILED is not paid anew', async () => {
    const { id } = (await orders.place()).order;
    const key = uuidv7();
    expect(await orders.client.ask(RETRY, { id, key }, orders.grace)).toMatchObject({
      retryPayment: { order: null, userErrors: [{ code: 'NOT_FOUND' }] },
    });
    expect(await orders.client.ask(RETRY, { id, key }, orders.ada)).toMatchObject({
      retryPayment: {
        order: null,
        userErrors: [{ code: 'INVALID_STATUS', message: 'An order that is PENDING cannot be paid anew.' }],
      },
    });
  });
});

describe('a key of cancelOrder, fulfilOrder and deliverOrder', () => {
  const conflict = {
    order: null,
    userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', field: ['input', 'idempotencyKey'] }],
  };

  test('with the same body answers the same, and with another is a conflict', async () => {
    const [id, other] = [await confirmed(), await confirmed()];
    const [fulfilKey, deliverKey, cancelKey] = [uuidv7(), uuidv7(), uuidv7()];
    const fulfilling = orders.client.ask(FULFIL, { id, key: fulfilKey }, orders.staff);
    await orders.reached(id, 4);
    await capture(orders.bus, id);
    const fulfilled = { fulfilOrder: { order: { id, status: 'FULFILLED' }, userErrors: [] } };
    expect(await fulfilling).toEqual(fulfilled);
    expect(await orders.client.ask(FULFIL, { id, key: fulfilKey }, orders.staff)).toEqual(fulfilled);
    for (const body of [{ id, tracking: 'T-2' }, { id: other }]) {
      expect(await orders.client.ask(FULFIL, { ...body, key: fulfilKey }, orders.staff)).toEqual({
        fulfilOrder: conflict,
      });
    }
    const delivered = { deliverOrder: { order: { id, status: 'DELIVERED' }, userErrors: [] } };
    for (const _ of ['once', 'told again'])
      expect(await orders.client.ask(DELIVER, { id, key: deliverKey }, orders.staff)).toEqual(delivered);
    expect(await orders.client.ask(DELIVER, { id: other, key: deliverKey }, orders.staff)).toEqual({
      deliverOrder: conflict,
    });
    for (const _ of ['once', 'told again']) {
      expect(await orders.client.ask(CANCEL, { id: other, key: cancelKey }, orders.staff)).toMatchObject({
        cancelOrder: { order: { status: 'CANCELLED' }, userErrors: [] },
      });
    }
    expect(await orders.client.ask(CANCEL, { id, key: cancelKey }, orders.staff)).toEqual({
      cancelOrder: conflict,
    });
    // Of another kind of request, too.
    expect(await orders.client.ask(CANCEL, { id: other, key: deliverKey }, orders.staff)).toEqual({
      cancelOrder: conflict,
    });
  });

  test('is not used up by a refusal', async () => {
    const { id } = (await orders.place()).order;
    const key = uuidv7();
    expect(await orders.client.ask(DELIVER, { id, key }, orders.staff)).toMatchObject({
      deliverOrder: { userErrors: [{ code: 'INVALID_STATUS' }] },
    });
    expect(await orders.client.ask(CANCEL, { id, key }, orders.staff)).toMatchObject({
      cancelOrder: { order: { status: 'CANCELLED' }, userErrors: [] },
    });
  });
});

test('orders that nobody pays for expire, and what is answered too late finds them gone', async () => {
  await using sweeping = await startOrders({ sweepMs: 20 });
  const { bus, database } = sweeping;
  const placed = async () => (await sweeping.place(basket())).order.id;
  const [pending, reserved, failed, paid, young] = [
    await placed(),
    await placed(),
    await placed(),
    await placed(),
    await placed(),
  ];
  for (const id of [reserved, failed, paid]) await reserve(bus, id);
  for (const id of [failed, paid]) await authorise(bus, id);
  await expirePayment(bus, failed);
  await Promise.all([sweeping.reached(reserved, 2), sweeping.reached(failed, 4), sweeping.reached(paid, 3)]);
  // As if nobody had come for four days.
  await database.sql`update order_events set occurred_at = occurred_at - interval '4 days' where order_id <> ${young}`;

  await Promise.all([
    sweeping.reached(pending, 2),
    sweeping.reached(reserved, 3),
    sweeping.reached(failed, 5),
  ]);
  for (const id of [pending, reserved, failed])
    expect(await sweeping.view(id)).toMatchObject({ status: 'CANCELLED', reason: 'EXPIRED', actions: [] });
  await reserve(bus, pending);
  await authorise(bus, reserved);
  // A witness that replies are being handled.
  await reserve(bus, young);
  await sweeping.reached(young, 2);
  expect(await sweeping.view(pending)).toMatchObject({ status: 'CANCELLED', version: 2 });
  expect(await sweeping.view(reserved)).toMatchObject({ status: 'CANCELLED', version: 3 });
  expect(await sweeping.view(paid)).toMatchObject({ status: 'CONFIRMED' });
  expect(await sweeping.view(young)).toMatchObject({ status: 'RESERVED' });
});
