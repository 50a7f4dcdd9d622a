import { describe, expect, test } from 'vitest';
import type { Message } from '#schema/messages.ts';
import { basket, PLACE, shippingAddress, startOrders } from '../testing.ts';

describe('placing an order', () => {
  test('answers PENDING at once and asks inventory for the stock', async () => {
    await using orders = await startOrders();
    const asked = Promise.withResolvers<Message>();
    await orders.bus.consume({
      consumer: 'inventory',
      types: ['inventory.reserve-stock'],
      handle: async (message) => asked.resolve(message),
    });
    const { order, userErrors } = await orders.place();
    expect(userErrors).toEqual([]);
    expect(order).toMatchObject({
      status: 'PENDING',
      version: 1,
      number: expect.stringMatching(/^OG-1\d{6}$/),
    });
    expect((await asked.promise).payload).toEqual({
      orderId: order.id,
      lines: [{ sku: 'MUG', quantity: 2 }],
    });
  });

  test('with the same key and body, ten at once, makes one order', async () => {
    await using orders = await startOrders();
    const input = basket();
    const payloads = await Promise.all(Array.from({ length: 10 }, () => orders.place(input)));
    expect(new Set(payloads.map(({ order }) => order.id)).size).toBe(1);
    const { orders: list } = await orders.client.ask<{ orders: { totalCount: number } }>(
      '{ orders { totalCount } }',
      {},
      orders.ada,
    );
    expect(list.totalCount).toBe(1);
  });

  test('with the same key and another body is IDEMPOTENCY_CONFLICT; the key of another customer is another key', async () => {
    await using orders = await startOrders();
    const input = basket();
    const { order } = await orders.place(input);
    const conflict = await orders.place({ ...input, lines: [{ sku: 'MUG', quantity: 3 }] });
    expect(conflict).toMatchObject({
      order: null,
      userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', field: ['input', 'idempotencyKey'] }],
    });
    expect((await orders.place(input, orders.grace)).order.id).not.toBe(order.id);
  });

  test.each([
    ['no lines', { lines: [] }, ['input', 'lines']],
    ['a quantity of 0', { lines: [{ sku: 'MUG', quantity: 0 }] }, ['input', 'lines', '0', 'quantity']],
    ['a quantity of 1001', { lines: [{ sku: 'MUG', quantity: 1001 }] }, ['input', 'lines', '0', 'quantity']],
    [
      'the same SKU twice',
      {
        lines: [
          { sku: 'MUG', quantity: 1 },
          { sku: 'MUG', quantity: 1 },
        ],
      },
      ['input', 'lines', '1', 'sku'],
    ],
    [
      'an empty city',
      { shippingAddress: { ...shippingAddress, city: '  ' } },
      ['input', 'shippingAddress', 'city'],
    ],
    ['no payment method', { paymentMethod: '' }, ['input', 'paymentMethod']],
    [
      'an amount the currency has not',
      { expectedTotal: { amount: '1.005', currencyCode: 'GBP' } },
      ['input', 'expectedTotal', 'amount'],
    ],
    ['an empty key', { idempotencyKey: '' }, ['input', 'idempotencyKey']],
  ])('with %s is refused, naming the field', async (_, fault, field) => {
    await using orders = await startOrders();
    expect(await orders.place(basket(fault))).toMatchObject({
      order: null,
      userErrors: [{ code: 'INVALID_INPUT', field }],
    });
  });

  test('needs somebody to be logged in, and a token that holds', async () => {
    await using orders = await startOrders();
    const codes = async (as?: string) =>
      (await orders.client.answer(PLACE, { input: basket() }, as)).errors?.map(
        (error) => error.extensions?.['code'],
      );
    expect(await codes()).toEqual(['UNAUTHENTICATED']);
    expect(await codes(await orders.tokens.bearer({ lifeInSeconds: -10 }))).toEqual(['UNAUTHENTICATED']);
    expect(await codes('Bearer nonsense')).toEqual(['UNAUTHENTICATED']);
  });
});
