import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createPostgresBus } from '#platform/messaging/postgres-bus.ts';
import type { Bus } from '#platform/messaging/bus.ts';
import type { Message, MessageType, Payload } from '#schema/messages.ts';
import { GATEWAY_SECRET_HEADER } from '#platform/server/request-context.ts';
import { createLogger } from '#platform/process/logger.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { createTestTokens, type TestTokens } from '#tests/support/tokens.ts';
import { createSimulator } from './provider/simulator.ts';
import { createPaymentsSubgraph } from './subgraph.ts';

const GATEWAY_SECRET = 'a-secret-of-this-test';
const PAYMENT = `id status amount { amount currencyCode } captured { amount } refunded { amount } order { id } createdAt
  transactions { id kind status at amount { amount } } refunds { id status reason createdAt amount { amount currencyCode } }`;

/** The whole service, as processes run it: bus, inbox, workers, outbox, server. */
let port: number;
let bus: Bus;
let tokens: TestTokens;
const resources = new AsyncDisposableStack();
const replies = new Map<string, Message[]>();

beforeAll(async () => {
  tokens = await createTestTokens();
  const logger = createLogger('test', 'silent');
  const database = resources.use(await cloneDatabase('payments'));
  const busDatabase = resources.use(await cloneDatabase('bus'));
  bus = resources.use(createPostgresBus({ database: busDatabase, logger }));
  const provider = resources.use(await createSimulator({ url: database.url }));
  const subgraph = resources.use(
    await createPaymentsSubgraph({
      database,
      bus,
      provider,
      verifyToken: tokens.verifyToken,
      gatewaySecret: GATEWAY_SECRET,
      logger,
    }),
  );
  resources.use(
    await bus.consume({
      consumer: 'orders',
      types: ['payment.authorised', 'payment.declined'],
      handle: async (message) =>
        void replies.set(message.key, [...(replies.get(message.key) ?? []), message]),
    }),
  );
  port = await subgraph.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => resources.disposeAsync());

async function tell<Type extends MessageType>(
  type: Type,
  payload: Payload<Type> & { orderId: string },
): Promise<void> {
  await bus.publish([
    { id: uuidv7(), type, key: payload.orderId, occurredAt: new Date().toISOString(), payload },
  ]);
}

/** Has 12.50 GBP authorised and waits for the reply. */
async function authorised(
  paymentMethod = 'tok_visa',
): Promise<{ orderId: string; customerId: string; reply: Message }> {
  const [orderId, customerId] = [uuidv7(), uuidv7()];
  await tell('payments.authorise', {
    orderId,
    customerId,
    amount: { minor: '1250', currencyCode: 'GBP' },
    paymentMethod,
  });
  const reply = await vi.waitUntil(() => replies.get(orderId)?.[0], { interval: 5, timeout: 10_000 });
  return { orderId, customerId, reply };
}

interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}

async function ask(authorization: string | null, query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      [GATEWAY_SECRET_HEADER]: GATEWAY_SECRET,
      ...(authorization === null ? {} : { authorization }),
    },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

const paymentOfOrder = (authorization: string | null, orderId: string) =>
  ask(
    authorization,
    `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Order { id payment { ${PAYMENT} } } } }`,
    {
      of: [{ __typename: 'Order', id: orderId }],
    },
  );

/** Reads the payment until its status is the one that is waited for. */
function untilStatus(authorization: string, id: string, status: string) {
  return vi.waitUntil(
    async () => {
      const { data } = await ask(authorization, `query ($id: ID!) { payment(id: $id) { ${PAYMENT} } }`, {
        id,
      });
      const payment = data?.['payment'] as { status: string; [field: string]: unknown };
      return payment.status === status ? payment : null;
    },
    { interval: 10, timeout: 10_000 },
  );
}

test('a payment as its customer sees it: through the order, by its id, and as an entity', async () => {
  const { orderId, customerId, reply } = await authorised();
  const { paymentId } = reply.payload as Payload<'payment.authorised'>;
  const customer = await tokens.customer(customerId);
  const seen = {
    id: paymentId,
    status: 'AUTHORISED',
    amount: { amount: '12.50', currencyCode: 'GBP' },
    captured: { amount: '0.00' },
    refunded: { amount: '0.00' },
    order: { id: orderId },
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    transactions: [
      {
        id: expect.any(String),
        kind: 'AUTHORISATION',
        status: 'SUCCEEDED',
        at: expect.any(String),
        amount: { amount: '12.50' },
      },
    ],
    refunds: [],
  };
  expect(await paymentOfOrder(customer, orderId)).toEqual({
    data: { _entities: [{ id: orderId, payment: seen }] },
  });
  expect(
    await ask(customer, `query ($id: ID!) { payment(id: $id) { ${PAYMENT} } }`, { id: paymentId }),
  ).toEqual({ data: { payment: seen } });
  const entity = await ask(
    customer,
    `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Payment { ${PAYMENT} } } }`,
    {
      of: [{ __typename: 'Payment', id: paymentId }],
    },
  );
  expect(entity).toEqual({ data: { _entities: [seen] } });
});

test('a foreign payment, an unknown one and what is no id at all are not there; staff see every payment', async () => {
  const { orderId, reply } = await authorised();
  const { paymentId } = reply.payload as Payload<'payment.authorised'>;
  const payment = 'query ($id: ID!) { payment(id: $id) { id } }';
  const entities =
    'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Payment { id } ... on Order { payment { id } } } }';
  const of = [
    { __typename: 'Payment', id: paymentId },
    { __typename: 'Order', id: orderId },
    { __typename: 'Order', id: 'no-uuid' },
  ];
  for (const stranger of [await tokens.customer(), null]) {
    expect(await ask(stranger, payment, { id: paymentId })).toEqual({ data: { payment: null } });
    expect(await ask(stranger, entities, { of })).toEqual({
      data: { _entities: [null, { payment: null }, { payment: null }] },
    });
  }
  const staff = await tokens.staff();
  for (const id of ['no-uuid', uuidv7()])
    expect(await ask(staff, payment, { id })).toEqual({ data: { payment: null } });
  expect(await ask(staff, entities, { of })).toEqual({
    data: { _entities: [{ id: paymentId }, { payment: { id: paymentId } }, { payment: null }] },
  });
});

test('an order without a payment has none, and a declined one says so to its order', async () => {
  const staff = await tokens.staff();
  const nobody = uuidv7();
  expect(await paymentOfOrder(staff, nobody)).toEqual({
    data: { _entities: [{ id: nobody, payment: null }] },
  });
  const { orderId, reply } = await authorised('tok_insufficient_funds');
  expect(reply).toMatchObject({
    type: 'payment.declined',
    payload: { orderId, code: 'INSUFFICIENT_FUNDS', message: expect.any(String) },
  });
  expect(await paymentOfOrder(staff, orderId)).toMatchObject({
    data: { _entities: [{ payment: { status: 'DECLINED' } }] },
  });
});

test('staff refund part of a captured payment, then the rest', async () => {
  const { orderId, customerId, reply } = await authorised();
  const { paymentId } = reply.payload as Payload<'payment.authorised'>;
  const [staff, customer] = [await tokens.staff(), await tokens.customer(customerId)];
  const mutation = `mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) {
    payment { id status } refund { id status reason amount { amount currencyCode } } userErrors { code field message } } }`;
  const refund = (input: object) =>
    ask(staff, mutation, { input: { paymentId, idempotencyKey: uuidv7(), ...input } });

  expect(await refund({})).toMatchObject({
    data: { refundPayment: { payment: null, refund: null, userErrors: [{ code: 'INVALID_STATUS' }] } },
  });
  await tell('payments.capture', { orderId });
  await untilStatus(customer, paymentId, 'CAPTURED');

  expect(
    await refund({ amount: { amount: '5.00', currencyCode: 'GBP' }, reason: 'scratched' }),
  ).toMatchObject({
    data: {
      refundPayment: {
        payment: { id: paymentId },
        refund: {
          status: expect.stringMatching(/PENDING|SUCCEEDED/),
          reason: 'scratched',
          amount: { amount: '5.00', currencyCode: 'GBP' },
        },
        userErrors: [],
      },
    },
  });
  expect(await untilStatus(customer, paymentId, 'PARTIALLY_REFUNDED')).toMatchObject({
    captured: { amount: '12.50' },
    refunded: { amount: '5.00' },
  });
  expect(await refund({ amount: { amount: '7.51', currencyCode: 'GBP' } })).toMatchObject({
    data: {
      refundPayment: {
        userErrors: [
          {
            code: 'AMOUNT_TOO_LARGE',
            field: ['input', 'amount'],
            message: 'Of this payment 7.50 GBP can still be refunded.',
          },
        ],
      },
    },
  });
  await refund({});
  expect(await untilStatus(customer, paymentId, 'REFUNDED')).toMatchObject({
    refunded: { amount: '12.50' },
    refunds: [{ amount: { amount: '5.00' } }, { amount: { amount: '7.50' }, status: 'SUCCEEDED' }],
    transactions: [
      { kind: 'AUTHORISATION' },
      { kind: 'CAPTURE' },
      { kind: 'REFUND' },
      { kind: 'REFUND', status: 'SUCCEEDED' },
    ],
  });
});

test('customers and the anonymous cannot refund, and a refund is nobody else’s to see', async () => {
  const mutation =
    'mutation { refundPayment(input: { idempotencyKey: "k", paymentId: "p" }) { userErrors { code } } }';
  expect((await ask(await tokens.customer(), mutation)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await ask(null, mutation)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');

  const { orderId, customerId, reply } = await authorised();
  const { paymentId } = reply.payload as Payload<'payment.authorised'>;
  const [staff, customer] = [await tokens.staff(), await tokens.customer(customerId)];
  await tell('payments.capture', { orderId });
  await untilStatus(staff, paymentId, 'CAPTURED');
  const refunded = await ask(
    staff,
    `mutation ($id: ID!) { refundPayment(input: { idempotencyKey: "r", paymentId: $id }) { refund { id } } }`,
    { id: paymentId },
  );
  const { refund } = (refunded.data ?? {})['refundPayment'] as { refund: { id: string } };
  const entity = (who: string) =>
    ask(
      who,
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Refund { id amount { amount } } } }',
      { of: [{ __typename: 'Refund', id: refund.id }] },
    );
  expect(await entity(customer)).toEqual({
    data: { _entities: [{ id: refund.id, amount: { amount: '12.50' } }] },
  });
  expect(await entity(await tokens.customer())).toEqual({ data: { _entities: [null] } });
});

test('a cancelled order’s payment ends VOIDED', async () => {
  const { orderId, customerId, reply } = await authorised();
  await tell('payments.void', { orderId });
  const { paymentId } = reply.payload as Payload<'payment.authorised'>;
  expect(await untilStatus(await tokens.customer(customerId), paymentId, 'VOIDED')).toMatchObject({
    captured: { amount: '0.00' },
    transactions: [
      { kind: 'AUTHORISATION' },
      { kind: 'VOID', status: 'SUCCEEDED', amount: { amount: '12.50' } },
    ],
  });
});

test('staff list payments by status, the refused captures among them; the list and its count agree', async () => {
  const staff = await tokens.staff();
  const refused = await authorised('tok_capture_declined');
  const held = await authorised();
  const { paymentId } = refused.reply.payload as Payload<'payment.authorised'>;
  await tell('payments.capture', { orderId: refused.orderId });
  expect(await untilStatus(staff, paymentId, 'CAPTURE_FAILED')).toMatchObject({
    captured: { amount: '0.00' },
  });

  const query = `query ($filter: PaymentFilter, $first: Int) { payments(filter: $filter, first: $first) {
    totalCount nodes { id status failure holdEndsAt order { id } } pageInfo { hasNextPage } } }`;
  const list = async (filter: object | null, first = 100) => {
    const { data } = await ask(staff, query, { filter, first });
    return data?.['payments'] as {
      totalCount: number;
      nodes: { id: string; status: string; order: { id: string } }[];
      pageInfo: { hasNextPage: boolean };
    };
  };
  expect(await list({ statuses: ['CAPTURE_FAILED'] })).toMatchObject({
    totalCount: 1,
    nodes: [{ id: paymentId, failure: 'The hold has ended.', holdEndsAt: expect.any(String) }],
  });
  const all = await list(null);
  for (const status of new Set(all.nodes.map((payment) => payment.status))) {
    const some = await list({ statuses: [status] });
    expect(some.nodes).toEqual(all.nodes.filter((payment) => payment.status === status));
    expect(some.totalCount).toBe(some.nodes.length);
  }
  expect((await list({ statuses: ['AUTHORISED'] })).nodes[0]?.order.id).toBe(held.orderId);
  expect(await list({ statuses: [] })).toMatchObject({ totalCount: 0, nodes: [] });
  expect(await list(null, 1)).toMatchObject({ totalCount: all.totalCount, pageInfo: { hasNextPage: true } });
  expect(await list({ holdEndsBefore: '2020-01-01T00:00:00Z' })).toMatchObject({ totalCount: 0 });
  const after = { holdEndsBefore: new Date(Date.now() + 30 * 24 * 3_600_000).toISOString() };
  expect((await list(after)).nodes.every(({ status }) => /AUTHORISED|CAPTURE_FAILED/.test(status))).toBe(
    true,
  );

  for (const stranger of [await tokens.customer(refused.customerId), null])
    expect((await ask(stranger, query, {})).errors).toHaveLength(1);
});
