import { readFileSync } from 'node:fs';
import { buildSchema, isNonNullType, type GraphQLInputObjectType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stock } from '#subgraphs/inventory/testing.ts';
import {
  type RunningSubgraphs,
  startSubgraphs,
  type SubgraphName,
} from '#tests/support/subgraphs/subgraphs.ts';
import { until } from '#tests/support/until.ts';

/**
 * Every mutation that takes an idempotency key, in every service: the same request told again is answered as before,
 * whatever has become of the world; any other request under that key is refused, whatever else is wrong with it.
 */
const NO_ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const PASSWORD = 'correct horse battery staple';
const home = { name: 'Ada', line1: '1 Main Street', city: 'London', postalCode: 'N1 1AA', countryCode: 'GB' };
const gbp = (amount: string) => ({ amount, currencyCode: 'GBP' });

interface Case {
  readonly service: SubgraphName;
  /** What is asked of the payload: its result's id. */
  readonly result: string;
  readonly input: object;
  /** Other bodies: each what is changed of `input`. */
  readonly others: readonly object[];
}

let subgraphs: RunningSubgraphs;
let cases: Readonly<Record<string, Case>>;
const people = new Map<string, { authorization: string; refreshToken: string }>();

beforeAll(async () => {
  subgraphs = await startSubgraphs();
  await stock(subgraphs.databases.inventory, { MUG: [100, 0], TEE: [5, 0] });
  for (const name of ['ada', 'grace']) {
    const email = `${name}@example.com`;
    await session('registerUser', { email, password: PASSWORD, name });
    await subgraphs.databases.users.sql`update users set roles = array['STAFF'] where email = ${email}`;
    await logIn(name);
  }
  cases = await allCases();
});
afterAll(() => subgraphs?.[Symbol.asyncDispose]());

async function session(mutation: 'registerUser' | 'logIn', input: object) {
  const type = mutation === 'logIn' ? 'LogInInput' : 'RegisterUserInput';
  const query = `mutation ($input: ${type}!) { payload: ${mutation}(input: $input) { session { accessToken refreshToken } } }`;
  const { payload } = await subgraphs.clients.users.ask<{
    payload: { session: { accessToken: string; refreshToken: string } };
  }>(query, { input });
  return payload.session;
}

async function logIn(name: string) {
  const { accessToken, refreshToken } = await session('logIn', {
    email: `${name}@example.com`,
    password: PASSWORD,
  });
  people.set(name, { authorization: `Bearer ${accessToken}`, refreshToken });
}

/** The result's id, or the codes of why not. */
async function ask(
  { service, result }: Pick<Case, 'service' | 'result'>,
  mutation: string,
  input: object,
  who = 'ada',
) {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`;
  const query = `mutation ($input: ${type}) { payload: ${mutation}(input: $input) { ${result} { id } userErrors { code field } } }`;
  const { payload } = await subgraphs.clients[service].ask<{
    payload: Record<string, { id: string } | null> & { userErrors: { code: string; field: string[] }[] };
  }>(query, { input }, people.get(who)?.authorization);
  return payload[result]?.id ?? payload.userErrors.map(({ code, field }) => `${code} ${field?.join('.')}`);
}

const CONFLICT = ['IDEMPOTENCY_CONFLICT input.idempotencyKey'];

async function order(paymentMethod: string, steps: readonly ('confirmed' | 'leaves' | 'fails')[]) {
  const input = { lines: [{ sku: 'MUG', quantity: 1 }], paymentMethod, shippingAddress: home };
  const of = { service: 'orders', result: 'order' } as const;
  const orderId = String(
    await ask(of, 'placeOrder', { ...input, idempotencyKey: `${paymentMethod} ${steps.join()}` }),
  );
  const reached = (status: string) =>
    until(async () => {
      const [row] = await subgraphs.databases.orders.sql`select status from orders where id = ${orderId}`;
      return row?.['status'] === status;
    }, `the order to be ${status}`);
  if (steps.length > 0) await reached('CONFIRMED');
  if (steps.length > 1) await ask(of, 'fulfilOrder', { orderId, carrier: 'DHL', trackingNumber: 'T' });
  if (steps.includes('leaves')) await reached('FULFILLED');
  if (steps.includes('fails')) await reached('PAYMENT_FAILED');
  return orderId;
}

async function allCases(): Promise<Record<string, Case>> {
  const [placed, confirmed, left, failed] = await Promise.all([
    order('tok_slow', []),
    order('tok_visa', ['confirmed']),
    order('tok_visa', ['confirmed', 'leaves']),
    order('tok_capture_declined', ['confirmed', 'fails']),
  ]);
  const [payment] = await subgraphs.databases.payments.sql`select id from payments where order_id = ${left}`;
  const basket = {
    lines: [{ sku: 'MUG', quantity: 1, expectedUnitPrice: gbp('12.50') }],
    paymentMethod: 'tok_visa',
    shippingAddress: home,
    expectedTotal: gbp('12.50'),
  };
  const ids = [
    { orderId: NO_ID },
    { orderId: 'no id' },
    { orderId: '' },
    { orderId: placed.replace('-', '') },
  ];
  const one = (service: SubgraphName, result: string, input: object, others: readonly object[]) => ({
    service,
    result,
    input,
    others,
  });
  const make = {
    name: 'Jug',
    description: 'Holds more.',
    variants: [{ sku: 'JUG', name: 'plain', price: gbp('20') }],
  };
  return {
    placeOrder: one('orders', 'order', basket, [
      { expectedTotal: gbp('12.51') },
      { expectedTotal: null },
      { expectedTotal: gbp('12.505') },
      { lines: [{ sku: 'MUG', quantity: 2, expectedUnitPrice: gbp('12.50') }] },
      { lines: [{ sku: 'MUG', quantity: 1 }] },
      { lines: [{ sku: 'NO-SUCH', quantity: 1 }] },
      { lines: [] },
      { lines: [{ sku: 'MUG', quantity: 0 }] },
      { paymentMethod: 'tok_declined' },
      { paymentMethod: ' ' },
      { shippingAddress: { ...home, city: 'Leeds' } },
      { shippingAddress: { ...home, city: '\u0000' } },
    ]),
    cancelOrder: one('orders', 'order', { orderId: placed }, [...ids, { orderId: left }]),
    fulfilOrder: one('orders', 'order', { orderId: confirmed, carrier: 'DHL', trackingNumber: '1' }, [
      ...ids,
      { trackingNumber: '2' },
      { carrier: '' },
    ]),
    deliverOrder: one('orders', 'order', { orderId: left }, [...ids, { orderId: confirmed }]),
    retryPayment: one('orders', 'order', { orderId: failed, paymentMethod: 'tok_visa' }, [
      ...ids,
      { paymentMethod: 'tok_declined' },
      { paymentMethod: null },
      { paymentMethod: '\u0007' },
    ]),
    refundPayment: one(
      'payments',
      'refund',
      { paymentId: payment?.['id'], amount: gbp('5'), reason: 'broken' },
      [
        { paymentId: NO_ID },
        { paymentId: 'no id' },
        { amount: gbp('5.01') },
        { amount: gbp('1000') },
        { amount: gbp('0') },
        { amount: { amount: '5', currencyCode: 'EUR' } },
        { amount: null },
        { reason: 'late' },
        { reason: '\ud800' },
      ],
    ),
    adjustStock: one(
      'inventory',
      'variant',
      { sku: 'TEE', warehouseCode: 'LDN', delta: -5, reason: 'moths' },
      [
        { sku: 'NO-SUCH' },
        { sku: 'MUG' },
        { warehouseCode: 'NOWHERE' },
        { warehouseCode: '' },
        { delta: -4 },
        { delta: 0 },
        { delta: 2_000_000_000 },
        { reason: null },
      ],
    ),
    createProduct: one('inventory', 'product', make, [
      { name: 'Mug' },
      { name: '' },
      { variants: [] },
      { variants: [{ sku: 'TEE', name: 'plain', price: gbp('20') }] },
      { variants: [{ sku: 'jug', name: 'plain', price: gbp('20') }] },
      { variants: [{ sku: 'JUG', name: 'plain', price: gbp('20.01') }] },
      { variants: [{ sku: 'JUG', name: 'plain', price: gbp('0') }] },
    ]),
    changePrice: one('inventory', 'variant', { sku: 'MUG', price: gbp('13') }, [
      { sku: 'NO-SUCH' },
      { sku: 'TEE' },
      { price: gbp('13.01') },
      { price: gbp('-0') },
      { price: { amount: '13', currencyCode: 'EUR' } },
    ]),
  };
}

test('every mutation that takes a key stands in this table', () => {
  const api = buildSchema(readFileSync(new URL('../../schema/api.graphql', import.meta.url), 'utf8'));
  const keyed = Object.values(api.getMutationType()?.getFields() ?? {}).filter(({ args }) => {
    const type = args.find(({ name }) => name === 'input')?.type;
    const input = (isNonNullType(type) ? type.ofType : type) as GraphQLInputObjectType | undefined;
    return input?.getFields()['idempotencyKey'] !== undefined;
  });
  expect(keyed.map(({ name }) => name).toSorted()).toEqual(Object.keys(cases).toSorted());
});

test('the first answer is given again in another session and another world, and nothing else under its key', async () => {
  const { databases, clients } = subgraphs;
  const key = (mutation: string) => `the one key of ${mutation}`;
  const again = (mutation: string, { input, ...of }: Case, change: object = {}, who?: string) =>
    ask(of, mutation, { ...input, ...change, idempotencyKey: key(mutation) }, who);
  const firsts = new Map<string, unknown>();
  for (const [mutation, each] of Object.entries(cases)) {
    const answers = await Promise.all([again(mutation, each), again(mutation, each), again(mutation, each)]);
    expect([mutation, new Set(answers).size, typeof answers[0]]).toEqual([mutation, 1, 'string']);
    firsts.set(mutation, answers[0]);
  }

  // All that these requests did is undone or overtaken, and who sent them has logged in anew.
  await ask({ service: 'orders', result: 'order' }, 'cancelOrder', { orderId: firsts.get('placeOrder') });
  await ask({ service: 'orders', result: 'order' }, 'cancelOrder', { orderId: firsts.get('retryPayment') });
  await ask({ service: 'orders', result: 'order' }, 'deliverOrder', { orderId: firsts.get('fulfilOrder') });
  await ask({ service: 'inventory', result: 'variant' }, 'changePrice', { sku: 'MUG', price: gbp('14') });
  const rest = { ...cases['refundPayment']?.input, amount: null, idempotencyKey: 'the rest' };
  expect(await ask({ service: 'payments', result: 'refund' }, 'refundPayment', rest)).toEqual(
    expect.any(String),
  );
  await databases.inventory
    .sql`update products set name = 'Pitcher', variant_terms = 'none' where name = 'Jug'`;
  const { refreshToken } = people.get('ada') ?? {};
  const logOut = 'mutation ($input: LogOutInput!) { logOut(input: $input) { loggedOut } }';
  await clients.users.ask(logOut, { input: { refreshToken } });
  await logIn('ada');

  for (const [mutation, each] of Object.entries(cases)) {
    expect([mutation, await again(mutation, each)]).toEqual([mutation, firsts.get(mutation)]);
    for (const change of each.others)
      expect([mutation, change, await again(mutation, each, change)]).toEqual([mutation, change, CONFLICT]);
    // A key serves one mutation of a service.
    for (const [other, { input, ...of }] of Object.entries(cases).filter(
      ([other, { service }]) => service === each.service && other !== mutation,
    ))
      expect([mutation, other, await ask(of, other, { ...input, idempotencyKey: key(mutation) })]).toEqual([
        mutation,
        other,
        CONFLICT,
      ]);
    // Somebody else's key is another key, whatever they have asked for with it.
    expect([mutation, await again(mutation, each, {}, 'grace')]).not.toEqual([mutation, CONFLICT]);
  }
  const [count] = await databases.orders.sql`select count(*)::int as orders from orders`;
  expect(count?.['orders']).toBe(4 + 2);
  const [mug] = await databases.inventory
    .sql`select price_minor::int as price from variants where sku = 'MUG'`;
  expect(mug?.['price']).toBe(1300); // by grace, who had not changed it before
});
