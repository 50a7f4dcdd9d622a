import { uuidv7 } from 'uuidv7';
import type { Bus } from '#platform/messaging/bus.ts';
import { openBus } from '#platform/messaging/postgres-bus.ts';
import type { Message, MessageType, Payload } from '#schema/messages.ts';
import { silentLogger } from '#platform/process/logger.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { createSubgraphClient, take, TEST_GATEWAY_SECRET } from '#tests/support/subgraphs/subgraph-client.ts';
import { createTestTokens } from '#tests/support/tokens.ts';
import type { ExpiryTimes } from './commands/expire-orders.ts';
import { createOrdersSubgraph } from './subgraph.ts';

export const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id number version status } userErrors { code field message } } }`;
const SHOW = `query ($id: ID!) { order(id: $id) { id version status reason reasonDetail total { amount currencyCode } priceChange { expectedTotal { amount } offeredTotal { amount currencyCode } lines { sku quantity expected { amount currencyCode } offered { amount currencyCode } } }
  lines { sku name quantity unitPrice { amount } } actions shipment { carrier trackingNumber deliveredAt } events { version status } customer { id } } }`;
const FOLLOW = `subscription ($id: ID!, $after: Int) { orderUpdated(orderId: $id, after: $after) { version status reason order { id status } } }`;

export const shippingAddress = {
  name: 'Ada',
  line1: '1 Main Street',
  city: 'London',
  postalCode: 'N1 1AA',
  countryCode: 'GB',
};
export const basket = (more: object = {}) => ({
  idempotencyKey: uuidv7(),
  lines: [{ sku: 'MUG', quantity: 2 }],
  paymentMethod: 'tok_visa',
  shippingAddress,
  ...more,
});

interface OrderView {
  id: string;
  version: number;
  status: string;
  [field: string]: unknown;
}

/** The orders subgraph on a database and bus of its own, and a hand on the bus to answer as inventory and payments would. */
export async function startOrders(times: Partial<ExpiryTimes> = {}) {
  const opened = new AsyncDisposableStack();
  const database = opened.use(await cloneDatabase('orders'));
  const busDatabase = opened.use(await cloneDatabase('bus'));
  const bus = opened.use(openBus({ url: busDatabase.url, applicationName: 'test', logger: silentLogger }));
  const tokens = await createTestTokens();
  const deps = {
    database,
    bus,
    verifyToken: tokens.verifyToken,
    gatewaySecret: TEST_GATEWAY_SECRET,
    logger: silentLogger,
    times,
  };
  const subgraph = opened.use(await createOrdersSubgraph(deps));
  const port = await subgraph.listen({ host: '127.0.0.1', port: 0 });
  const client = opened.use(createSubgraphClient(port));
  const customerId = uuidv7();
  const [ada, grace, staff] = await Promise.all([
    tokens.customer(customerId),
    tokens.customer(),
    tokens.staff(),
  ]);

  const view = async (id: string, as = ada) =>
    (await client.ask<{ order: OrderView | null }>(SHOW, { id }, as)).order;
  const place = async (input: object = basket(), as = ada) =>
    (
      await client.ask<{ placeOrder: { order: OrderView; userErrors: { code: string; field: string[] }[] } }>(
        PLACE,
        { input },
        as,
      )
    ).placeOrder;
  const follow = (id: string, after: number | null, as = ada, cursor?: string) =>
    client.follow(FOLLOW, { id, after }, as, cursor);
  /** Waits until the order has reached a version, by the same live stream that clients use. */
  const reached = (id: string, version: number) => take(follow(id, 0), version);

  return {
    database,
    busDatabase,
    bus,
    client,
    port,
    tokens,
    customerId,
    ada,
    grace,
    staff,
    place,
    view,
    follow,
    reached,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function say<Type extends MessageType>(
  bus: Bus,
  type: Type,
  payload: Payload<Type> & { orderId: string },
) {
  const message = { id: uuidv7(), type, key: payload.orderId, occurredAt: new Date().toISOString(), payload };
  await bus.publish([message as unknown as Message]);
}

export const reserve = (bus: Bus, orderId: string) =>
  say(bus, 'stock.reserved', {
    orderId,
    lines: [
      { sku: 'MUG', name: 'Mug, white', quantity: 2, unitPrice: { minor: '950', currencyCode: 'GBP' } },
    ],
  });
export const authorise = (bus: Bus, orderId: string) =>
  say(bus, 'payment.authorised', { orderId, paymentId: uuidv7() });
export const capture = (bus: Bus, orderId: string) =>
  say(bus, 'payment.captured', { orderId, paymentId: uuidv7() });
export const failCapture = (bus: Bus, orderId: string) =>
  say(bus, 'payment.capture-failed', { orderId, paymentId: uuidv7(), message: 'The hold has ended.' });
export const expirePayment = (bus: Bus, orderId: string) =>
  say(bus, 'payment.expired', { orderId, paymentId: uuidv7() });
