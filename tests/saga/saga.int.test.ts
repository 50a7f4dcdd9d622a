import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { expect, test } from 'vitest';
import type { UserActor } from '#platform/auth/actor.ts';
import type { Bus } from '#platform/messaging/bus.ts';
import { openBus } from '#platform/messaging/postgres-bus.ts';
import { silentLogger } from '#platform/process/logger.ts';
import { changePrice } from '#subgraphs/inventory/commands/change-price.ts';
import { createInventorySubgraph } from '#subgraphs/inventory/subgraph.ts';
import { expectNoDiscrepancies, stock } from '#subgraphs/inventory/testing.ts';
import { cancelOrder } from '#subgraphs/orders/commands/cancel-order.ts';
import { fulfilOrder } from '#subgraphs/orders/commands/fulfil-order.ts';
import { placeOrder } from '#subgraphs/orders/commands/place-order.ts';
import { retryPayment } from '#subgraphs/orders/commands/retry-payment.ts';
import { createOrdersSubgraph } from '#subgraphs/orders/subgraph.ts';
import { createSimulator } from '#subgraphs/payments/provider/simulator.ts';
import { createPaymentsSubgraph } from '#subgraphs/payments/subgraph.ts';
import { cloneDatabase, type TestDatabase } from '#tests/support/database/database.ts';
import { createTestTokens } from '#tests/support/tokens.ts';
import { until } from '#tests/support/until.ts';

/**
 * The whole saga with every service real, over one bus: random orders, cancellations and fulfilments, captures refused,
 * holds that end, payments made anew and orders that nobody pays for, while services are
 * stopped and started in the middle of what they do, and a relay does not hear of its success. When it is quiet again,
 * the three services and the payment provider must agree to the penny and to the unit. That a service may be killed at
 * any line is tests/e2e's to show.
 */

const SKUS = ['A', 'B', 'C'];
const UNITS = { A: [4, 3], B: [2, 2], C: [1, 0] } as const;
const SERVICES = ['orders', 'inventory', 'payments'] as const;
type Service = (typeof SERVICES)[number];
type ServiceName = Service | 'bus';

const shippingAddress = {
  name: 'Ada',
  line1: '1 Main Street',
  city: 'London',
  postalCode: 'N1 1AA',
  countryCode: 'GB',
};
const customer: UserActor = {
  kind: 'user',
  userId: uuidv7(),
  roles: ['CUSTOMER'],
  expiresAt: new Date('2100-01-01'),
};
const staff: UserActor = { ...customer, userId: uuidv7(), roles: ['STAFF'] };

async function startServices() {
  const opened = new AsyncDisposableStack();
  const [orders, inventory, payments, bus] = await Promise.all(
    ([...SERVICES, 'bus'] as const).map((name) => cloneDatabase(name)),
  );
  const databases = { orders, inventory, payments, bus } as Record<ServiceName, TestDatabase>;
  for (const database of Object.values(databases)) opened.use(database);
  await stock(databases.inventory, UNITS);

  const { verifyToken } = await createTestTokens();
  const open = (name: string) =>
    opened.use(openBus({ url: databases.bus.url, applicationName: name, logger: silentLogger }));
  const common = { verifyToken, gatewaySecret: 'a-secret-of-this-test', logger: silentLogger };
  const provider = opened.use(await createSimulator({ url: databases.payments.url, slowMs: 50 }));
  const times = {
    authorisationDeadlineMs: 2_000,
    providerTimeoutMs: 2_000,
    leaseMs: 300,
    pollMs: 50,
    // A hold of a minute is about to end; one of a week is not.
    holdMarginMs: 3_600_000,
    holdSweepMs: 50,
  };
  // What is PENDING or RESERVED is soon moved on by others; what failed to be paid is left alone for a moment only.
  const expiry = { unpaidMs: 20_000, paymentFailedMs: 400, sweepMs: 50 };
  const buses = { orders: open('orders'), inventory: open('inventory'), payments: open('payments') };
  const starts: Record<Service, () => Promise<AsyncDisposable>> = {
    orders: () =>
      createOrdersSubgraph({ ...common, database: databases.orders, bus: buses.orders, times: expiry }),
    inventory: () =>
      createInventorySubgraph({ ...common, database: databases.inventory, bus: buses.inventory }),
    payments: () =>
      createPaymentsSubgraph({
        ...common,
        database: databases.payments,
        bus: losingAnswers(buses.payments),
        provider,
        times,
      }),
  };
  const running = new Map<Service, AsyncDisposable>();
  opened.defer(
    async () =>
      void (await Promise.all([...running.values()].map((service) => service[Symbol.asyncDispose]()))),
  );
  for (const service of SERVICES) running.set(service, await starts[service]());
  return {
    databases,
    /** Stops a service in the middle of what it does; messages and replies wait in outbox and bus until it is back. */
    async restart(service: Service) {
      await running.get(service)?.[Symbol.asyncDispose]();
      running.set(service, await starts[service]());
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Every third time the bus has taken the messages, the relay does not hear of it, as if it had been killed just then. */
function losingAnswers(bus: Bus): Bus {
  let calls = 0;
  return {
    ...bus,
    async publish(messages) {
      await bus.publish(messages);
      if (++calls % 3 === 0) throw new Error('killed before it heard of its success');
    },
  };
}

const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('place' as const),
      skus: fc.uniqueArray(fc.constantFrom(...SKUS), { minLength: 1, maxLength: 3 }),
      quantity: fc.integer({ min: 1, max: 3 }),
      paymentMethod: fc.constantFrom(
        'tok_visa',
        'tok_visa',
        'tok_declined',
        'tok_flaky',
        'tok_slow',
        'tok_answer_lost',
        'tok_capture_declined',
        'tok_short_hold',
      ),
      expectedTotal: fc.option(fc.constant({ amount: '12.50', currencyCode: 'GBP' }), { freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      which: fc.nat(30),
      by: fc.constantFrom(customer, staff),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('fulfil' as const), which: fc.nat(30) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pay anew' as const),
      which: fc.nat(30),
      paymentMethod: fc.constantFrom(null, 'tok_visa', 'tok_declined', 'tok_capture_declined'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('race' as const), which: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), service: fc.constantFrom(...SERVICES) }),
  },
);

test('orders, stock and money agree in the end, whatever is ordered, cancelled and killed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40 }), async (actions) => {
      await using services = await startServices();
      const { databases } = services;
      const { orders } = databases;
      const placed: string[] = [];
      for (const each of actions) {
        const orderId = 'which' in each ? placed[each.which % Math.max(1, placed.length)] : undefined;
        switch (each.kind) {
          case 'place': {
            const { quantity, paymentMethod, expectedTotal } = each;
            const lines = each.skus.map((sku) => ({ sku, quantity }));
            const input = { idempotencyKey: uuidv7(), lines, paymentMethod, expectedTotal, shippingAddress };
            const twice = [1, 2].map(() => placeOrder({ database: orders, actor: customer }, input));
            const [first, second] = await Promise.all(twice);
            expect(first).toEqual(second);
            placed.push((first as { orderId: string }).orderId);
            break;
          }
          case 'cancel':
            if (orderId !== undefined) {
              await cancelOrder({ database: orders, actor: each.by }, { orderId }).catch(expectRefusal);
            }
            break;
          case 'fulfil':
            if (orderId !== undefined) {
              const input = { orderId, carrier: 'DHL', trackingNumber: 'T' };
              await fulfilOrder({ database: orders, actor: staff }, input).catch(expectRefusal);
            }
            break;
          case 'pay anew':
            if (orderId !== undefined) {
              const { paymentMethod } = each;
              const input = { orderId, paymentMethod, idempotencyKey: uuidv7() };
              await retryPayment({ database: orders, actor: customer }, input).catch(expectRefusal);
            }
            break;
          case 'race':
            if (orderId !== undefined) {
              const parcel = { orderId, carrier: 'DHL', trackingNumber: 'T' };
              const races = [
                cancelOrder({ database: orders, actor: customer }, { orderId }),
                fulfilOrder({ database: orders, actor: staff }, parcel),
                retryPayment({ database: orders, actor: staff }, { orderId, idempotencyKey: uuidv7() }),
              ];
              await Promise.all(races.map((race) => race.catch(expectRefusal)));
            }
            break;
          case 'restart':
            await services.restart(each.service);
            break;
        }
      }
      await quiet(databases);
      await expectAgreement(databases, placed);
    }),
    { numRuns: Number(process.env['SAGA_RUNS'] ?? 3), endOnFailure: true },
  );
}, 120_000);

test('what is ordered is charged at the price of the moment it was placed, whatever becomes of the price just after', async () => {
  await using services = await startServices();
  const { databases } = services;
  const prices: string[] = [];
  for (let pounds = 10; pounds < 22; pounds++) {
    const price = { amount: `${pounds}.00`, currencyCode: 'GBP' };
    await changePrice({ database: databases.inventory, actor: staff }, { sku: 'A', price });
    const lines = [{ sku: 'A', quantity: 1 }];
    const input = { idempotencyKey: uuidv7(), lines, paymentMethod: 'tok_visa', shippingAddress };
    const { orderId } = await placeOrder({ database: databases.orders, actor: customer }, input);
    await changePrice(
      { database: databases.inventory, actor: staff },
      { sku: 'A', price: { ...price, amount: '99.00' } },
    );
    prices.push(`${pounds}00 of ${pounds}00`);
    await until(async () => {
      const [row] = await databases.orders.sql`select status from orders where id = ${orderId}`;
      return row?.['status'] === 'CONFIRMED';
    }, 'the order to be confirmed');
    await cancelOrder({ database: databases.orders, actor: customer }, { orderId });
  }
  await quiet(databases);
  const charged = await databases.payments.sql`
    select m.amount_minor || ' of ' || p.amount_minor as hold from simulator.movements m
      join simulator.charges c using (authorisation_key) join payments p on p.order_id::text = c.reference
    where m.kind = 'HOLD' order by m.position`;
  expect(charged.map(({ hold }) => hold)).toEqual(prices);
});

function expectRefusal(error: unknown) {
  expect(error).toMatchObject({ code: 'INVALID_STATUS' });
}

/** What may still move, by the database that knows. */
const UNDER_WAY: readonly (readonly [ServiceName, string])[] = [
  [
    'orders',
    `select 'order' as what, id::text as which from orders where status in ('PENDING', 'RESERVED', 'FULFILLING', 'PAYMENT_FAILED')`,
  ],
  ...(['orders', 'inventory', 'payments'] as const).map(
    (name) => [name, `select 'outbox' as what, type as which from messaging.outbox`] as const,
  ),
  [
    'bus',
    `select 'message to ' || consumer as what, type || ' ' || m.position as which from bus.messages m join bus.positions p on m.position > p.position
     where split_part(m.type, '.', 1) = p.consumer or (p.consumer = 'orders' and m.type not like 'inventory.%' and m.type not like 'payments.%')`,
  ],
  [
    'payments',
    `select 'operation' as what, kind || ' ' || attempts as which from payment_operations where state = 'OPEN'
     union all
     select 'ending hold' as what, order_id::text from payments where status = 'AUTHORISED' and hold_ends_at < now() + interval '1 hour'`,
  ],
];

const QUIET_WITHIN_MS = 40_000;

/** Resolves when no order is under way, no message on its way and no operation due. */
async function quiet(databases: Record<ServiceName, TestDatabase>): Promise<void> {
  let underWay: object[] = [];
  const look = async () => {
    const found = await Promise.all(UNDER_WAY.map(([name, query]) => databases[name].sql.unsafe(query)));
    underWay = found.flat();
    return underWay.length === 0;
  };
  await until(look, 'the system to be quiet', QUIET_WITHIN_MS).catch((error: unknown) => {
    throw new Error(`still under way: ${JSON.stringify(underWay)}`, { cause: error });
  });
}

async function expectAgreement(
  { orders, inventory, payments }: Record<ServiceName, TestDatabase>,
  placed: readonly string[],
): Promise<void> {
  // Orders: each exactly once, its versions without a gap, its status that of its last event.
  const rows = await orders.sql<
    { id: string; status: string; version: number; total_minor: string | null }[]
  >`select id, status, version, total_minor from orders`;
  expect(rows.map((row) => row.id).toSorted()).toEqual([...placed].toSorted());
  const gaps = await orders.sql`
    select o.id from orders o join order_events e on e.order_id = o.id group by o.id
    having count(*) <> o.version or max(e.version) <> o.version or (array_agg(e.status order by e.version desc))[1] <> o.status`;
  expect([...gaps]).toEqual([]);

  // Stock: what is reserved is what confirmed orders hold, what is gone is what was shipped; nothing below zero.
  const quantities = async (statuses: string[]) =>
    Object.fromEntries(
      (
        await orders.sql<{ sku: string; units: number }[]>`
        select sku, sum(quantity)::int as units from order_lines join orders on orders.id = order_id where status in ${orders.sql(statuses)} group by sku`
      ).map((row) => [row.sku, row.units]),
    );
  const [held, gone] = [await quantities(['CONFIRMED']), await quantities(['FULFILLED'])];
  const levels = await inventory.sql<{ sku: string; on_hand: number; reserved: number }[]>`
    select v.sku, sum(l.on_hand)::int as on_hand, sum(l.reserved)::int as reserved from stock_levels l join variants v on v.id = l.variant_id group by v.sku`;
  for (const { sku, on_hand, reserved } of levels) {
    const [london, manchester] = UNITS[sku as keyof typeof UNITS];
    expect({ sku, reserved, on_hand }).toEqual({
      sku,
      reserved: held[sku] ?? 0,
      on_hand: london + manchester - (gone[sku] ?? 0),
    });
  }
  await expectNoDiscrepancies(inventory);

  // Goods: none left for which the money was not taken.
  const unpaid = await payments.sql`
    select order_id from payments where status <> 'CAPTURED' and order_id in ${payments.sql(
      rows
        .filter(({ status }) => status === 'FULFILLED')
        .map(({ id }) => id)
        .concat(uuidv7()),
    )}`;
  expect([...unpaid]).toEqual([]);

  // Money: the provider holds the total of each confirmed order, took that of each fulfilled one, and nothing else.
  const charges = await payments.sql<{ reference: string; held: string; captured: string }[]>`
    select reference, sum(case when status = 'HELD' then held_minor else 0 end) as held, sum(captured_minor) as captured
    from simulator.charges where reference is not null group by reference`;
  const charged = new Map(charges.map((charge) => [charge.reference, charge]));
  for (const { id, status, total_minor } of rows) {
    const expected = {
      held: status === 'CONFIRMED' ? total_minor : '0',
      captured: status === 'FULFILLED' ? total_minor : '0',
    };
    const { held: heldMoney = '0', captured = '0' } = charged.get(id) ?? {};
    expect({ id, status, held: heldMoney, captured }).toEqual({ id, status, ...expected });
  }
}
