import { describe, expect, test } from 'vitest';
import type { Message } from '#schema/messages.ts';
import { refusalOf } from '#tests/support/subgraphs/subgraph-client.ts';
import { authorise, basket, capture, reserve, startOrders } from './testing.ts';

describe('an order on its way', () => {
  test('goes from PENDING to DELIVERED, each step with its version, event and snapshot', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    await reserve(orders.bus, id);
    await orders.reached(id, 2);
    expect(await orders.view(id)).toMatchObject({
      status: 'RESERVED',
      total: { amount: '19.00', currencyCode: 'GBP' },
      lines: [{ sku: 'MUG', name: 'Mug, white', quantity: 2, unitPrice: { amount: '9.50' } }],
    });
    await authorise(orders.bus, id);
    await orders.reached(id, 3);
    const fulfil =
      'mutation ($id: ID!) { fulfilOrder(input: { orderId: $id, carrier: "DHL", trackingNumber: "T-1" }) { order { status } userErrors { code } } }';
    const deliver =
      'mutation ($id: ID!) { deliverOrder(input: { orderId: $id }) { order { status version } userErrors { code } } }';
    expect(await orders.client.ask(deliver, { id }, orders.staff)).toMatchObject({
      deliverOrder: { order: null, userErrors: [{ code: 'INVALID_STATUS' }] },
    });
    // The answer waits for the payment's.
    const fulfilling = orders.client.ask(fulfil, { id }, orders.staff);
    await orders.reached(id, 4);
    await capture(orders.bus, id);
    for (const answer of [fulfilling, orders.client.ask(fulfil, { id }, orders.staff)]) {
      expect(await answer).toEqual({ fulfilOrder: { order: { status: 'FULFILLED' }, userErrors: [] } });
    }
    expect(await orders.client.ask(deliver, { id }, orders.staff)).toEqual({
      deliverOrder: { order: { status: 'DELIVERED', version: 6 }, userErrors: [] },
    });
    expect(await orders.view(id)).toMatchObject({
      shipment: { carrier: 'DHL', trackingNumber: 'T-1', deliveredAt: expect.any(String) },
      events: ['PENDING', 'RESERVED', 'CONFIRMED', 'FULFILLING', 'FULFILLED', 'DELIVERED'].map(
        (status, index) => ({
          version: index + 1,
          status,
        }),
      ),
    });
  });

  test('takes the same reply twice for one', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    await reserve(orders.bus, id);
    await reserve(orders.bus, id);
    await authorise(orders.bus, id);
    await authorise(orders.bus, id);
    await orders.reached(id, 3);
    const authoriseRequests: Message[] = [];
    const end = Promise.withResolvers<void>();
    await orders.bus.consume({
      consumer: 'payments',
      types: ['payments.authorise', 'payments.void'],
      handle: async (message) =>
        message.type === 'payments.void' ? end.resolve() : void authoriseRequests.push(message),
    });
    await orders.client.ask(
      'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { order { status } } }',
      { id },
      orders.ada,
    );
    await end.promise;
    expect(authoriseRequests).toHaveLength(1);
    expect((await orders.view(id))?.version).toBe(4);
  });

  test('can be cancelled by its customer, twice without harm, and not once it has left', async () => {
    await using orders = await startOrders();
    const cancel =
      'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { order { status version reason } userErrors { code field } } }';
    const { id } = (await orders.place()).order;
    for (const _ of ['once', 'again']) {
      expect(await orders.client.ask(cancel, { id }, orders.ada)).toEqual({
        cancelOrder: {
          order: { status: 'CANCELLED', version: 2, reason: 'CANCELLED_BY_CUSTOMER' },
          userErrors: [],
        },
      });
    }
    const left = (await orders.place()).order.id;
    await reserve(orders.bus, left);
    await authorise(orders.bus, left);
    await orders.reached(left, 3);
    const sent = orders.client.ask(
      'mutation ($id: ID!) { fulfilOrder(input: { orderId: $id, carrier: "DHL", trackingNumber: "T" }) { order { id } } }',
      { id: left },
      orders.staff,
    );
    await orders.reached(left, 4);
    await capture(orders.bus, left);
    await sent;
    expect(await orders.client.ask(cancel, { id: left }, orders.ada)).toEqual({
      cancelOrder: { order: null, userErrors: [{ code: 'INVALID_STATUS', field: ['input', 'orderId'] }] },
    });
  });
});

describe('an order rejected for its price', () => {
  test('says the new prices as fields, beside those the customer had agreed to', async () => {
    await using orders = await startOrders();
    const lines = [{ sku: 'MUG', quantity: 2, expectedUnitPrice: { amount: '9.00', currencyCode: 'GBP' } }];
    const { id } = (await orders.place(basket({ lines }))).order;
    await reserve(orders.bus, id);
    await orders.reached(id, 2);
    expect(await orders.view(id)).toMatchObject({
      status: 'REJECTED',
      reason: 'PRICE_CHANGED',
      total: null,
      priceChange: {
        expectedTotal: null,
        offeredTotal: { amount: '19.00', currencyCode: 'GBP' },
        lines: [
          {
            sku: 'MUG',
            quantity: 2,
            expected: { amount: '9.00', currencyCode: 'GBP' },
            offered: { amount: '9.50', currencyCode: 'GBP' },
          },
        ],
      },
    });
  });

  test('by its total alone does so too, and an order rejected for something else has no such fields', async () => {
    await using orders = await startOrders();
    const expectedTotal = { amount: '18.99', currencyCode: 'GBP' };
    const { id } = (await orders.place(basket({ expectedTotal }))).order;
    await reserve(orders.bus, id);
    await orders.reached(id, 2);
    expect(await orders.view(id)).toMatchObject({
      priceChange: {
        expectedTotal: { amount: '18.99' },
        offeredTotal: { amount: '19.00' },
        lines: [{ sku: 'MUG', expected: null, offered: { amount: '9.50' } }],
      },
    });
    const agreed = [{ sku: 'MUG', quantity: 2, expectedUnitPrice: { amount: '9.50', currencyCode: 'GBP' } }];
    const accepted = (await orders.place(basket({ lines: agreed }))).order;
    await reserve(orders.bus, accepted.id);
    await orders.reached(accepted.id, 2);
    expect(await orders.view(accepted.id)).toMatchObject({ status: 'RESERVED', priceChange: null });
  });
});

describe('access', () => {
  test('a foreign order is not found, whichever way one asks; staff find it', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    expect(await orders.view(id, orders.grace)).toBeNull();
    expect(await orders.view(id, orders.staff)).toMatchObject({ id });
    expect(await orders.view('no-uuid')).toBeNull();
    const cancel =
      'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { order { id } userErrors { code } } }';
    expect(await orders.client.ask(cancel, { id }, orders.grace)).toEqual({
      cancelOrder: { order: null, userErrors: [{ code: 'NOT_FOUND' }] },
    });
    expect(await refusalOf(orders.follow(id, 0, orders.grace))).toContain('NOT_FOUND');
    const entity =
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Order { id } ... on User { orders { totalCount } } } }';
    const representations = [
      { __typename: 'Order', id },
      { __typename: 'User', id: orders.customerId },
    ];
    expect(await orders.client.ask(entity, { of: representations }, orders.grace)).toEqual({
      _entities: [null, { orders: null }],
    });
    expect(await orders.client.ask(entity, { of: representations }, orders.ada)).toEqual({
      _entities: [{ id }, { orders: { totalCount: 1 } }],
    });
  });

  test('customers cannot fulfil, deliver or follow everybody', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    const fulfil =
      'mutation ($id: ID!) { fulfilOrder(input: { orderId: $id, carrier: "DHL", trackingNumber: "T" }) { order { id } } }';
    expect((await orders.client.answer(fulfil, { id }, orders.ada)).errors?.[0]?.extensions?.['code']).toBe(
      'FORBIDDEN',
    );
    const all = orders.client.follow('subscription { ordersUpdated { position } }', {}, orders.ada);
    expect(await refusalOf(all)).toContain('FORBIDDEN');
  });

  test('a caller that does not come through the gateway is refused', async () => {
    await using orders = await startOrders();
    for (const secret of [{}, { 'x-gateway-secret': 'wrong' }] as Record<string, string>[]) {
      const response = await fetch(`http://127.0.0.1:${orders.port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...secret },
        body: '{"query":"{ __typename }"}',
      });
      expect(response.status).toBe(403);
    }
  });
});

interface OrderPage {
  orders: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
}

describe('lists', () => {
  test('page through every order once, newest first, whatever comes in between', async () => {
    await using orders = await startOrders();
    const placed: string[] = [];
    for (let n = 0; n < 7; n++) placed.push((await orders.place()).order.id);
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const page: OrderPage = await orders.client.ask<OrderPage>(
        'query ($after: String) { orders(first: 3, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }',
        { after },
        orders.ada,
      );
      seen.push(...page.orders.nodes.map((order) => order.id));
      if (!page.orders.pageInfo.hasNextPage) break;
      after = page.orders.pageInfo.endCursor;
      await orders.place();
    }
    expect(seen).toEqual(placed.toReversed());
  });

  test('are filtered, and refuse arguments out of bounds by name', async () => {
    await using orders = await startOrders();
    const { id } = (await orders.place()).order;
    await orders.place();
    await orders.client.ask(
      'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { order { id } } }',
      { id },
      orders.ada,
    );
    const list = (args: string) =>
      orders.client.answer(`{ orders(${args}) { nodes { id } totalCount } }`, {}, orders.ada);
    expect((await list('filter: { statuses: [CANCELLED] }')).data).toEqual({
      orders: { nodes: [{ id }], totalCount: 1 },
    });
    expect((await list('filter: { createdBefore: "2020-01-01T00:00:00Z" }')).data).toEqual({
      orders: { nodes: [], totalCount: 0 },
    });
    // Half-open: two ranges that meet have every order once.
    const [first] = (
      await orders.client.ask<{ orders: { nodes: { createdAt: string }[] } }>(
        '{ orders(first: 1) { nodes { createdAt } } }',
        {},
        orders.ada,
      )
    ).orders.nodes;
    const moment = JSON.stringify(first?.createdAt);
    const counts = await Promise.all(
      [`createdAfter: ${moment}`, `createdBefore: ${moment}`].map(async (range) => {
        const { data } = await list(`filter: { ${range} }`);
        return (data as { orders: { totalCount: number; nodes: unknown[] } }).orders;
      }),
    );
    expect(counts.map(({ totalCount }) => totalCount)).toEqual([1, 1]);
    expect(counts.map(({ nodes }) => nodes.length)).toEqual([1, 1]);
    for (const [args, argument] of [
      ['first: -1', 'first'],
      ['first: 0', 'first'],
      ['first: 101', 'first'],
      ['after: "nonsense"', 'after'],
    ] as const) {
      expect((await list(args)).errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', argument });
    }
  });
});
