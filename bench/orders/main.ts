import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import {
  OrderUpdatedDocument,
  PlaceOrderDocument,
  ProductsDocument,
} from '#tests/documents/documents.generated.ts';
import { type ApiClient, createApiClient } from '#tests/support/api-client.ts';
import { startTestSystem } from '#tests/support/system.ts';
import { summarise } from './summary.ts';

/**
 * `npm run bench:orders -- [--orders 200] [--clients 16] [--seconds 10]`
 *
 * A system of its own, writing to disk as in earnest, and two measurements through the public endpoint:
 *   alone    one order after another: from `placeOrder` returning to CONFIRMED seen on the subscription
 *   busy     many clients at once, each placing its next order when the last is CONFIRMED: orders a second
 * Ends with 1 when the median alone is 150 ms or more.
 */
const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '200' },
    clients: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '10' },
  },
});
const CONFIRMED_WITHIN_MS = 150;
const WARM_UP_ORDERS = 30;
const shippingAddress = {
  name: 'Bench',
  line1: '1 Main Street',
  city: 'London',
  postalCode: 'N1 1AA',
  countryCode: 'GB',
};

await using system = await startTestSystem({ durable: true });
await using shop = createApiClient(system.url);
await shop.logIn(system.account('ada'));
const sku = await plentiful(shop);
for (let n = 0; n < WARM_UP_ORDERS; n++) await order(shop, sku);

const alone: number[] = [];
for (let n = 0; n < Number(values.orders); n++) alone.push(await order(shop, sku));

const busy: number[] = [];
const startedAt = performance.now();
const deadline = startedAt + Number(values.seconds) * 1000;
await Promise.all(
  Array.from({ length: Number(values.clients) }, async () => {
    while (performance.now() < deadline) busy.push(await order(shop, sku));
  }),
);
const perSecond = busy.length / ((performance.now() - startedAt) / 1000);

const lone = summarise(alone);
const crowd = summarise(busy);
console.log('\nFrom placeOrder returning to CONFIRMED seen on the subscription, in ms');
console.table({
  'one at a time': { orders: alone.length, median: lone.median, p99: lone.p99 },
  [`${values.clients} clients`]: { orders: busy.length, median: crowd.median, p99: crowd.p99 },
});
console.log(`${perSecond.toFixed(1)} orders a second with ${values.clients} clients`);
const kept = lone.median < CONFIRMED_WITHIN_MS;
console.log(`${kept ? '✓' : '✗'} the median of one at a time is under ${CONFIRMED_WITHIN_MS} ms`);
process.exitCode = kept ? 0 : 1;

async function plentiful(client: ApiClient): Promise<string> {
  const { products } = await client.ask(ProductsDocument, { first: 100 });
  const variants = products.nodes
    .flatMap((product) => product.variants)
    .toSorted((a, b) => b.available - a.available);
  const [most] = variants;
  if (most === undefined) throw new Error('The catalogue is empty.');
  return most.sku;
}

/** Places an order and follows it to CONFIRMED; the time between, in ms. */
async function order(client: ApiClient, ofSku: string): Promise<number> {
  const input = {
    idempotencyKey: randomUUID(),
    lines: [{ sku: ofSku, quantity: 1 }],
    paymentMethod: 'tok_visa',
    shippingAddress,
  };
  const { placeOrder } = await client.ask(PlaceOrderDocument, { input });
  const returnedAt = performance.now();
  if (placeOrder.order == null) throw new Error(JSON.stringify(placeOrder.userErrors));
  for await (const { data, errors } of client.follow(OrderUpdatedDocument, {
    id: placeOrder.order.id,
    after: 1,
  })) {
    const status = data?.orderUpdated.status;
    if (status === 'CONFIRMED') return performance.now() - returnedAt;
    if (status !== 'RESERVED')
      throw new Error(`An order became ${status}: ${JSON.stringify(errors ?? data)}`);
  }
  throw new Error('The live updates ended early.');
}
