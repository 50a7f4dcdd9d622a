import { randomUUID } from 'node:crypto';
import {
  AddAddressDocument,
  FulfilOrderDocument,
  LogInDocument,
  PlaceOrderDocument,
  ProductsDocument,
  RefundPaymentDocument,
  StorefrontDocument,
} from '#tests/documents/documents.generated.ts';
import { createApiClient } from '#tests/support/api-client.ts';
import type { TestSystem } from '#tests/support/system.ts';
import { until } from '#tests/support/until.ts';

const ORDERS = 8;
const LINES = 4;
/** The oldest; the page shows the newest, so both kinds. */
const FULFILLED = 5;
const REFUNDED = 1;
const PATIENCE_MS = 60_000;

const home = {
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  countryCode: 'GB',
};
const work = { ...home, line1: '1 Dorset Street', line2: 'Engine room', postalCode: 'W1U 4EG' };

/** Has a customer order, some of it sent and some of that paid back, so that there is a page to show. Returns their token. */
export async function furnish(system: TestSystem): Promise<string> {
  await using customer = createApiClient(system.url);
  await using staff = createApiClient(system.url);
  const account = system.account('ada');
  await customer.logIn(account);
  await staff.logIn(system.account('staff'));
  for (const address of [home, work]) await customer.ask(AddAddressDocument, { input: { address } });

  const { products } = await customer.ask(ProductsDocument, { first: 100 });
  const skus = products.nodes
    .flatMap(({ variants }) => variants)
    .filter(({ available }) => available >= 100)
    .map(({ sku }) => sku);
  for (let n = 0; n < ORDERS; n += 1) {
    const lines = Array.from({ length: LINES }, (_, i) => ({
      sku: skus[(n * LINES + i) % skus.length] ?? '',
      quantity: 1 + i,
    }));
    const { placeOrder } = await customer.ask(PlaceOrderDocument, {
      input: { idempotencyKey: randomUUID(), lines, paymentMethod: 'tok_visa', shippingAddress: home },
    });
    if (placeOrder.order == null) throw new Error(JSON.stringify(placeOrder.userErrors));
  }

  const orders = async () =>
    (await customer.ask(StorefrontDocument, { first: ORDERS })).me?.orders?.nodes ?? [];
  const paid = async (status: string, count: number) =>
    (await orders()).filter(({ payment }) => payment?.status === status).length === count;
  await until(
    async () => (await orders()).every(({ status }) => status === 'CONFIRMED'),
    'every order to be confirmed',
    PATIENCE_MS,
  );
  const sent = (await orders()).slice(-FULFILLED);
  for (const { id, number } of sent) {
    const { fulfilOrder } = await staff.ask(FulfilOrderDocument, {
      input: { orderId: id, carrier: 'Royal Mail', trackingNumber: `RM-${number}` },
    });
    if (fulfilOrder.order == null) throw new Error(JSON.stringify(fulfilOrder.userErrors));
  }
  await until(() => paid('CAPTURED', FULFILLED), 'what was sent to be paid', PATIENCE_MS);
  for (const { payment } of sent.slice(0, REFUNDED)) {
    const { refundPayment } = await staff.ask(RefundPaymentDocument, {
      input: {
        idempotencyKey: randomUUID(),
        paymentId: payment?.id ?? '',
        amount: { amount: '5.00', currencyCode: 'GBP' },
        reason: 'Arrived late',
      },
    });
    if (refundPayment.refund == null) throw new Error(JSON.stringify(refundPayment.userErrors));
  }
  await until(() => paid('PARTIALLY_REFUNDED', REFUNDED), 'what was paid back to be booked', PATIENCE_MS);

  const { logIn } = await customer.ask(LogInDocument, { input: account });
  if (logIn.session == null) throw new Error(JSON.stringify(logIn.userErrors));
  return logIn.session.accessToken;
}
