/**
 * `npm run demo`: a customer of a running system (`npm start`) orders and watches it happen, through the public endpoint
 * only. Exits 1 if anything is not as promised.
 *   ORDERGRAPH_URL             where the gateway is (where `npm start` puts it, by the same settings)
 *   DEMO_EMAIL, DEMO_PASSWORD  who orders (the customer that `npm start` made, from its data folder)
 */
import { randomUUID } from 'node:crypto';
import {
  PlaceOrderDocument,
  type PlaceOrderInput,
  ProductsDocument,
  type ProductsQuery,
} from '#tests/documents/documents.generated.ts';
import { type ApiClient, createApiClient } from '#tests/support/api-client.ts';
import { insist, watchOrder } from '#system/patience.ts';
import { endpointOf } from '#system/start/endpoint.ts';
import { seededCustomer } from '#system/start/secrets.ts';
import { loadSettings } from '#system/settings.ts';

/** Nobody there at all is told soon. */
const THERE_WITHIN_MS = 8_000;

const SAID = { IN_STOCK: 'in stock', LOW_STOCK: 'few left', OUT_OF_STOCK: 'sold out' } as const;

const shippingAddress = {
  name: 'Ada Lovelace',
  line1: '12 St James Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  countryCode: 'GB',
};

let url = '';
try {
  const settings = loadSettings();
  url = process.env['ORDERGRAPH_URL'] || (await endpointOf(settings));
  await using shop = createApiClient(url);
  const credentials = await customer(settings.dataFolder);
  await insist(() => fetch(new URL('/health', url)), THERE_WITHIN_MS);
  await insist(() => shop.logIn(credentials));
  const { available, soldOut } = await catalogue(shop);
  await order(
    shop,
    'An order that can be had',
    [{ sku: available, quantity: 2 }],
    'tok_visa',
    'CONFIRMED',
    null,
  );
  await order(
    shop,
    'An order that is out of stock',
    [{ sku: soldOut, quantity: 1 }],
    'tok_visa',
    'REJECTED',
    'OUT_OF_STOCK',
  );
  await order(
    shop,
    'An order whose card is declined',
    [{ sku: available, quantity: 1 }],
    'tok_declined',
    'REJECTED',
    'PAYMENT_DECLINED',
  );
  console.log('\nEverything happened as promised.');
} catch (error) {
  console.error(`\n✗ ${error instanceof Error ? error.message : String(error)}`);
  if (isUnreachable(error)) console.error(`  Nothing answers at ${url}: is \`npm start\` running?`);
  process.exitCode = 1;
}

async function customer(dataFolder: string) {
  const { DEMO_EMAIL: email, DEMO_PASSWORD: password } = process.env;
  return email && password ? { email, password } : seededCustomer(dataFolder);
}

/** Lists the first products and finds one SKU that is in stock and one that is not. */
async function catalogue(shop: ApiClient): Promise<{ available: string; soldOut: string }> {
  let available: string | undefined;
  let soldOut: string | undefined;
  for (let after: string | null = null; ; ) {
    const { products }: ProductsQuery = await insist(() => shop.ask(ProductsDocument, { first: 100, after }));
    if (after === null) {
      console.log('Products');
      for (const { name, variants } of products.nodes.slice(0, 5)) {
        const [variant] = variants;
        console.log(
          `  ${name.padEnd(32)} ${variant?.price.amount ?? '–'} ${variant?.price.currencyCode ?? ''}  ${SAID[variant?.availability ?? 'OUT_OF_STOCK']}`,
        );
      }
    }
    const variants = products.nodes.flatMap((product) => product.variants);
    available ??= variants.find((variant) => variant.available >= 10)?.sku;
    soldOut ??= variants.find((variant) => variant.available === 0)?.sku;
    if (available !== undefined && soldOut !== undefined) return { available, soldOut };
    if (!products.pageInfo.hasNextPage)
      throw new Error('The catalogue lacks a variant in stock, or one sold out.');
    after = products.pageInfo.endCursor ?? null;
  }
}

/** Places an order, prints each live update with its delay, and holds the end against what was promised. */
async function order(
  shop: ApiClient,
  title: string,
  lines: PlaceOrderInput['lines'],
  paymentMethod: string,
  status: string,
  reason: string | null,
) {
  console.log(`\n${title}`);
  const startedAt = performance.now();
  const input = { idempotencyKey: randomUUID(), lines, paymentMethod, shippingAddress };
  const { placeOrder } = await insist(() => shop.ask(PlaceOrderDocument, { input }));
  if (placeOrder.order == null)
    throw new Error(`placeOrder was refused: ${JSON.stringify(placeOrder.userErrors)}`);
  const { id, number } = placeOrder.order;
  const acceptedAt = performance.now();
  console.log(`  ${number} accepted after ${(acceptedAt - startedAt).toFixed(0)} ms`);

  let expectedVersion = 1;
  for await (const { update, missing } of watchOrder(shop, id)) {
    if (update.version !== expectedVersion++)
      throw new Error(`Version ${update.version} came where ${expectedVersion - 1} was due.`);
    const sinceAccepted = performance.now() - acceptedAt;
    const total =
      update.order.total == null ? '' : `  ${update.order.total.amount} ${update.order.total.currencyCode}`;
    console.log(
      `  v${update.version} ${update.status.padEnd(10)} +${sinceAccepted.toFixed(0).padStart(4)} ms${total}${update.reason == null ? '' : `  ${update.reason}: ${update.reasonDetail ?? ''}`}`,
    );
    // A service that is away takes its own fields with it, not the update.
    for (const part of missing) console.log(`     without ${part}, whose service is away`);
    if (!['CONFIRMED', 'REJECTED', 'CANCELLED'].includes(update.status)) continue;
    if (update.status !== status || (update.reason ?? null) !== reason)
      throw new Error(
        `The order ended as ${update.status} ${update.reason ?? ''}, not as ${status} ${reason ?? ''}.`,
      );
    return;
  }
  throw new Error(`The live updates ended before the order was ${status}.`);
}

function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}
