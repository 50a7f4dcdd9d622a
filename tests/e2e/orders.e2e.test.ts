import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CancelOrderDocument,
  FulfilOrderDocument,
  OrderDetailsDocument,
  type OrderStatus,
  OrderUpdatedDocument,
  PlaceOrderDocument,
  ProductsDocument,
  RetryPaymentDocument,
} from '#tests/documents/documents.generated.ts';
import { type ApiClient, createApiClient } from '#tests/support/api-client.ts';
import { startTestSystem, type TestSystem } from '#tests/support/system.ts';

/** The whole system, and Ada at its public endpoint: what happens to orders when all is well, and when services die. */
let system: TestSystem;
let ada: ApiClient;
let inStock: string;
let soldOut: string;

beforeAll(async () => {
  system = await startTestSystem();
  ada = createApiClient(system.url);
  await ada.logIn(system.account('ada'));
  const { products } = await ada.ask(ProductsDocument, { first: 100 });
  const variants = products.nodes.flatMap((product) => product.variants);
  inStock = variants.find(({ available }) => available > 50)?.sku ?? 'none in stock';
  soldOut = variants.find(({ available }) => available === 0)?.sku ?? 'none sold out';
});
afterAll(async () => {
  await ada?.[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
});

async function place(
  client: ApiClient,
  sku: string,
  paymentMethod = 'tok_visa',
  idempotencyKey = randomUUID(),
  expectedUnitPrice: { amount: string; currencyCode: string } | null = null,
) {
  const shippingAddress = {
    name: 'Ada Lovelace',
    line1: '12 St James Square',
    city: 'London',
    postalCode: 'SW1Y 4JH',
    countryCode: 'GB',
  };
  const { placeOrder } = await client.ask(PlaceOrderDocument, {
    input: {
      idempotencyKey,
      lines: [{ sku, quantity: 2, expectedUnitPrice }],
      paymentMethod,
      shippingAddress,
    },
  });
  if (placeOrder.order == null) throw new Error(JSON.stringify(placeOrder.userErrors));
  return placeOrder.order;
}

const SETTLED: readonly OrderStatus[] = ['CONFIRMED', 'REJECTED', 'CANCELLED', 'DELIVERED'];

interface Update {
  readonly version: number;
  readonly status: OrderStatus;
  readonly reason: string | null;
}

/**
 * Every live update of an order from its first on, up to the one that settles it.
 * @param partial accepts updates without what a service that is away would have said; never without the order's status.
 */
async function follow(client: ApiClient, id: string, partial = false): Promise<Update[]> {
  const seen: Update[] = [];
  for await (const { data, errors } of client.follow(OrderUpdatedDocument, { id, after: 0 })) {
    if (data == null || (errors !== undefined && !partial))
      throw new Error(`a live update has errors: ${JSON.stringify(errors)}`);
    const { version, status, reason } = data.orderUpdated;
    seen.push({ version, status, reason: reason ?? null });
    if (SETTLED.includes(status)) break;
  }
  return seen;
}

const versionsOf = (updates: readonly Update[]) => updates.map(({ version }) => version);
const upTo = (length: number) => Array.from({ length }, (_, index) => index + 1);

describe('an order', () => {
  test('is accepted at once, and its way to CONFIRMED is seen live, each version once', async () => {
    const { id, status } = await place(ada, inStock);
    expect(status).toBe('PENDING');
    const updates = await follow(ada, id);
    expect(updates.map((update) => update.status)).toEqual(['PENDING', 'RESERVED', 'CONFIRMED']);
    expect(versionsOf(updates)).toEqual(upTo(updates.length));
    const { order } = await ada.ask(OrderDetailsDocument, { id });
    expect(order).toMatchObject({
      status: 'CONFIRMED',
      customer: { name: 'Ada Lovelace' },
      payment: { status: 'AUTHORISED', amount: order?.total },
      lines: [{ sku: inStock, quantity: 2 }],
    });
  });

  test('of what is sold out is REJECTED, and so is one whose card is declined, with its stock given back', async () => {
    const available = async () => {
      const { products } = await ada.ask(ProductsDocument, { first: 100 });
      return products.nodes.flatMap(({ variants }) => variants).find(({ sku }) => sku === inStock)?.available;
    };
    const before = await available();
    const outOfStock = await follow(ada, (await place(ada, soldOut)).id);
    expect(outOfStock.at(-1)).toMatchObject({ status: 'REJECTED', reason: 'OUT_OF_STOCK' });
    const declined = await follow(ada, (await place(ada, inStock, 'tok_declined')).id);
    expect(declined.at(-1)).toMatchObject({ status: 'REJECTED', reason: 'PAYMENT_DECLINED' });
    await expect.poll(available, { timeout: 10_000 }).toBe(before);
  });

  test('placed twice under one key is one order', async () => {
    const key = randomUUID();
    const [first, second] = await Promise.all([
      place(ada, inStock, 'tok_visa', key),
      place(ada, inStock, 'tok_visa', key),
    ]);
    expect(second.id).toBe(first.id);
  });

  test('whose capture is refused does not leave, says so, and leaves once it is paid with another card', async () => {
    await using staff = createApiClient(system.url);
    await staff.logIn(system.account('staff'));
    const { id } = await place(ada, inStock, 'tok_capture_declined');
    await follow(ada, id);
    const fulfil = async () => {
      const parcel = {
        orderId: id,
        carrier: 'Royal Mail',
        trackingNumber: 'RM1',
        idempotencyKey: randomUUID(),
      };
      const { fulfilOrder } = await staff.ask(FulfilOrderDocument, { input: parcel });
      return fulfilOrder.order?.status;
    };
    const details = async () => (await ada.ask(OrderDetailsDocument, { id })).order;
    expect(await fulfil()).toBe('PAYMENT_FAILED');
    expect(await details()).toMatchObject({
      status: 'PAYMENT_FAILED',
      actions: ['RETRY_PAYMENT', 'CANCEL'],
      payment: { status: 'CAPTURE_FAILED' },
    });
    const input = { orderId: id, paymentMethod: 'tok_visa', idempotencyKey: randomUUID() };
    const { retryPayment } = await ada.ask(RetryPaymentDocument, { input });
    expect(retryPayment).toMatchObject({ order: { status: 'RESERVED' }, userErrors: [] });
    await expect.poll(async () => (await details())?.status, { timeout: 10_000 }).toBe('CONFIRMED');
    expect(await fulfil()).toBe('FULFILLED');
    expect(await details()).toMatchObject({ payment: { status: 'CAPTURED' }, actions: [] });
  });

  test('at a price that was never offered is rejected, and says the one that is', async () => {
    const unitPrice = { amount: '0.01', currencyCode: 'GBP' };
    const { id } = await place(ada, inStock, 'tok_visa', randomUUID(), unitPrice);
    expect((await follow(ada, id)).at(-1)).toMatchObject({ status: 'REJECTED', reason: 'PRICE_CHANGED' });
    const { products } = await ada.ask(ProductsDocument, { first: 100 });
    const variant = products.nodes.flatMap(({ variants }) => variants).find(({ sku }) => sku === inStock);
    const { order } = await ada.ask(OrderDetailsDocument, { id });
    expect(order?.priceChange?.lines).toEqual([
      { sku: inStock, expected: unitPrice, offered: variant?.price },
    ]);
  });

  test('of somebody else is not there', async () => {
    const { id } = await place(ada, inStock);
    await using grace = createApiClient(system.url);
    await grace.logIn(system.account('grace'));
    expect(await grace.ask(OrderDetailsDocument, { id })).toEqual({ order: null });
    const { cancelOrder } = await grace.ask(CancelOrderDocument, {
      input: { orderId: id, idempotencyKey: randomUUID() },
    });
    expect(cancelOrder).toMatchObject({ order: null, userErrors: [{ code: 'NOT_FOUND' }] });
  });
});

describe('kill -9 of a service while an order is under way only delays it', () => {
  test.for(['inventory', 'payments', 'orders', 'users'] as const)('%s', async (service) => {
    const { id } = await place(ada, inStock);
    const [updates] = await Promise.all([follow(ada, id, true), system.restart(service)]);
    expect(updates.at(-1)).toMatchObject({ status: 'CONFIRMED' });
    expect(versionsOf(updates)).toEqual(upTo(updates.length));
  });

  test.for(['inventory', 'payments'] as const)('%s, away when the order is placed', async (service) => {
    const [updates] = await Promise.all([
      place(ada, inStock).then(({ id }) => follow(ada, id, true)),
      system.restart(service),
    ]);
    expect(updates.at(-1)).toMatchObject({ status: 'CONFIRMED' });
  });

  test('the gateway: a client that comes back finds every version', async () => {
    const { id } = await place(ada, inStock);
    await system.restart('gateway');
    await using again = createApiClient(system.url);
    await again.logIn(system.account('ada'));
    const updates = await follow(again, id);
    expect(updates.at(-1)).toMatchObject({ status: 'CONFIRMED' });
    expect(versionsOf(updates)).toEqual(upTo(updates.length));
  });

  test('PostgreSQL itself', async () => {
    const { id } = await place(ada, inStock);
    await system.killPostgres();
    await using again = createApiClient(system.url);
    const attempt = async () => {
      await again.logIn(system.account('ada'));
      const { order } = await again.ask(OrderDetailsDocument, { id });
      return order?.status;
    };
    const status = () => attempt().catch((error: Error) => error.message);
    await expect.poll(status, { timeout: 45_000, interval: 250 }).toBe('CONFIRMED');
  });
});
