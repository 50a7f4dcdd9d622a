import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { buildSchema } from 'graphql';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stock } from '#subgraphs/inventory/testing.ts';
import { type Answer, type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';
import { TEST_GATEWAY_SECRET } from '#tests/support/subgraphs/subgraph-client.ts';
import { type RunningSubgraphs, startSubgraphs } from '#tests/support/subgraphs/subgraphs.ts';
import { composeSubgraphs } from '#system/supergraph.ts';
import { type Operation, operationsOf, writtenOut } from './operations.ts';
import { type GoodValues, hostileValue } from './values.ts';

/**
 * Whatever a client sends, through the real gateway to the four real subgraphs: an answer, a refusal, an error that says
 * what to mend, and never a fault of ours.
 *   HOSTILE_SECONDS   how long (5)
 */
const SECONDS = Number(process.env['HOSTILE_SECONDS'] ?? 5);
const PASSWORD = 'correct horse battery staple';

const api = buildSchema(readFileSync(new URL('../../schema/api.graphql', import.meta.url), 'utf8'));
const byName = new Map(operationsOf(api).map((operation) => [operation.name, operation]));

let subgraphs: RunningSubgraphs;
let gateway: RunningGateway;
let good: GoodValues;
/** Authorization headers: of nobody, a customer and staff. */
let people: Readonly<Record<'nobody' | 'customer' | 'staff', string | undefined>>;

beforeAll(async () => {
  subgraphs = await startSubgraphs();
  const url = (port: number) => `http://127.0.0.1:${port}/graphql`;
  const { users, inventory, orders, payments } = subgraphs.ports;
  const supergraph = await composeSubgraphs({
    users: url(users),
    inventory: url(inventory),
    orders: url(orders),
    payments: url(payments),
  });
  gateway = await startGateway(supergraph, { GATEWAY_SECRET: TEST_GATEWAY_SECRET });
  await stock(subgraphs.databases.inventory, { MUG: [5_000, 0], TEE: [1, 2] });
  const customer = await register('ada@example.com', 'CUSTOMER');
  const staff = await register('staff@example.com', 'STAFF');
  people = { nobody: undefined, customer, staff };
  good = await goodValues(customer);
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await subgraphs?.[Symbol.asyncDispose]();
});

async function ask(
  query: string,
  variables: Record<string, unknown>,
  authorization?: string,
): Promise<Answer> {
  return gateway.ask(query, {
    variables,
    ...(authorization !== undefined && { headers: { authorization } }),
  });
}

async function register(email: string, role: string): Promise<string> {
  const session = 'session { accessToken } userErrors { message }';
  await ask(`mutation ($input: RegisterUserInput!) { registerUser(input: $input) { ${session} } }`, {
    input: { email, password: PASSWORD, name: 'Ada' },
  });
  await subgraphs.databases.users.sql`update users set roles = array[${role}] where email = ${email}`;
  const { data, errors } = await ask(
    `mutation ($input: LogInInput!) { logIn(input: $input) { ${session} } }`,
    {
      input: { email, password: PASSWORD },
    },
  );
  const token = (data?.['logIn'] as { session: { accessToken: string } | null } | undefined)?.session
    ?.accessToken;
  if (token === undefined) throw new Error(JSON.stringify({ data, errors }));
  return `Bearer ${token}`;
}

async function goodValues(customer: string): Promise<GoodValues> {
  const { data } = await ask(
    `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id customer { id } } userErrors { message } } }`,
    {
      input: {
        idempotencyKey: uuidv7(),
        lines: [{ sku: 'MUG', quantity: 1 }],
        paymentMethod: 'tok_visa',
        shippingAddress: home,
      },
    },
    customer,
  );
  const { order } = (data?.['placeOrder'] ?? {}) as { order?: { id: string; customer: { id: string } } };
  if (order === undefined) throw new Error('no order to play with');
  const id = [order.id, order.customer.id, uuidv7()];
  return {
    id,
    orderId: [order.id],
    paymentId: id,
    customerId: [order.customer.id],
    sku: ['MUG', 'TEE', 'mug'],
    warehouseCode: ['LDN'],
    quantity: [1, 2],
    delta: [1, -1],
    first: [1, 20],
    after: [null],
    createdAfter: ['2020-01-01T00:00:00Z'],
    createdBefore: ['2100-01-01T00:00:00Z'],
    holdEndsBefore: ['2100-01-01T00:00:00Z'],
    paymentMethod: ['tok_visa', 'tok_capture_declined'],
    amount: ['12.50', '1'],
    currencyCode: ['GBP'],
    countryCode: ['GB'],
    search: ['mug', 'plain'],
    // Each log-in costs a hash, and the customer's own session must not be ended.
    email: ['nobody@'],
    currentPassword: ['not the password'],
    ...Object.fromEntries(
      ['name', 'line1', 'city', 'postalCode', 'carrier', 'trackingNumber', 'description'].map((field) => [
        field,
        ['text'],
      ]),
    ),
  };
}

const home = { name: 'Ada', line1: '1 Main Street', city: 'London', postalCode: 'N1 1AA', countryCode: 'GB' };

/** What is wrong with an answer; null where a client can live with it. */
function fault({ status, data, errors = [] }: Answer): unknown {
  const ours = errors.filter(
    ({ extensions }) =>
      typeof extensions?.['code'] !== 'string' || /INTERNAL|UNAVAILABLE|^SUBGRAPH_/.test(extensions['code']),
  );
  if (ours.length > 0) return ours;
  if (status >= 500) return { status };
  return data === undefined && errors.length === 0 ? { status, data } : null;
}

test('no value of any input makes an internal error', { timeout: SECONDS * 1_000 + 60_000 }, async () => {
  const request = fc.constantFrom(...byName.keys()).chain((root) => {
    const values = (byName.get(root)?.variables ?? []).map(
      ({ name, argument, level }) =>
        [name, hostileValue(argument.type, argument.name, good, level === 0 ? 50 : 5)] as const,
    );
    return fc.record({
      root: fc.constant(root),
      variables: fc.record(Object.fromEntries(values)),
      as: fc.constantFrom('nobody', 'customer', 'staff'),
      // A document of its own has to be planned, which takes longer than all else.
      written: fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)),
    });
  });
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(request, async ({ root, variables, as, written }) => {
      const operation = byName.get(root) as Operation;
      const answer = written
        ? await ask(writtenOut(operation, variables), {}, people[as])
        : await ask(operation.query, variables, people[as]);
      asked += 1;
      const wrong = fault(answer);
      if (wrong !== null) throw new Error(JSON.stringify(wrong).slice(0, 2_000));
    }),
    { numRuns: 1_000_000, interruptAfterTimeLimit: SECONDS * 1_000, endOnFailure: true },
  );
  expect(asked).toBeGreaterThan(0);
});

const code = ({ errors }: Answer) => errors?.map(({ extensions }) => extensions?.['code']);
const EMOJI_HALF = '\ud83d';

test.each([
  ['the year 0', '0000-01-01T00:00:00Z'],
  ['a year before it', '-000001-01-01T00:00:00Z'],
  ['the last day there is', '+275760-09-13T00:00:00.000Z'],
  ['a year of five digits', '+010000-01-01T00:00:00Z'],
])('%s is refused as a date, written out or as a variable', async (_, date) => {
  const literal = `{ orders(filter: { createdAfter: ${JSON.stringify(date)} }) { totalCount } }`;
  const variable = 'query ($d: DateTime) { orders(filter: { createdBefore: $d }) { totalCount } }';
  for (const answer of [await ask(literal, {}, people.staff), await ask(variable, { d: date }, people.staff)])
    expect(code(answer)?.[0]).toMatch(/BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED/);
});

test('text that cannot be stored, and amounts that no column holds, are refused by their field', async () => {
  const place = (fault: object) =>
    ask(
      'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code field } } }',
      {
        input: {
          idempotencyKey: uuidv7(),
          lines: [{ sku: 'MUG', quantity: 1 }],
          paymentMethod: 'tok_visa',
          shippingAddress: home,
          ...fault,
        },
      },
      people.customer,
    );
  const refused = (...path: string[]) => ({
    data: { placeOrder: { order: null, userErrors: [{ code: 'INVALID_INPUT', field: ['input', ...path] }] } },
  });
  for (const name of [EMOJI_HALF, 'a\0b', 'Ada\nLovelace', 'bell\u0007']) {
    const answer = await place({ shippingAddress: { ...home, name } });
    expect(answer).toMatchObject(refused('shippingAddress', 'name'));
  }
  for (const amount of ['92233720368547758.08', '999999999999999999', '12.505', '-1']) {
    const answer = await place({ expectedTotal: { amount, currencyCode: 'GBP' } });
    expect(answer).toMatchObject(refused('expectedTotal', 'amount'));
  }
  expect(
    await place({
      lines: [
        { sku: 'MUG', quantity: 1 },
        { sku: 'mug', quantity: 1 },
      ],
    }),
  ).toMatchObject(refused('lines', '1', 'sku'));
});

test('a currency is understood in any case and stored as one; what is no money of today is refused', async () => {
  const change = (currencyCode: string) =>
    ask(
      `mutation ($price: MoneyInput!) { changePrice(input: { sku: "TEE", price: $price }) { variant { price { amount currencyCode } } userErrors { code } } }`,
      { price: { amount: '12.50', currencyCode } },
      people.staff,
    );
  for (const currency of ['EUR', 'eur', 'eUr'])
    expect((await change(currency)).data?.['changePrice']).toEqual({
      variant: { price: { amount: '12.50', currencyCode: 'EUR' } },
      userErrors: [],
    });
  for (const none of ['XXX', 'XTS', 'XAU', 'DEM', 'HRK', 'BGN', 'CLF', 'ZZZ', 'EURO', '', EMOJI_HALF])
    expect({ none, code: code(await change(none)) }).toEqual({ none, code: ['BAD_USER_INPUT'] });
});

test('a filter of very many statuses is one of as many as there are', async () => {
  const lists = [
    ['orders', 'OrderFilter'],
    ['payments', 'PaymentFilter'],
  ] as const;
  for (const [list, type] of lists) {
    const query = `query ($filter: ${type}) { ${list}(filter: $filter) { totalCount nodes { id } } }`;
    const statuses = Array.from({ length: 70_000 }, () => 'PENDING');
    expect(fault(await ask(query, { filter: { statuses } }, people.staff))).toBeNull();
  }
});

test('no argument of a subscription makes an internal error', async () => {
  const query =
    'subscription ($id: ID!, $after: Int) { orderUpdated(orderId: $id, after: $after) { version status } }';
  const ids = [...(good['orderId'] ?? []), 'none', '', EMOJI_HALF, 'a\0b', 'x'.repeat(70_000), 7];
  for (const id of ids) {
    for (const after of [-1, 2_147_483_647, 1e20, 'x']) {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          ...(people.customer !== undefined && { authorization: people.customer }),
        },
        body: JSON.stringify({ query, variables: { id, after } }),
      });
      const told = await response.text();
      expect(told).toMatch(/NOT_FOUND|BAD_USER_INPUT/);
      expect(told).not.toMatch(/INTERNAL|UNAVAILABLE/);
    }
  }
});

test('lists and their counts agree, whoever’s orders are asked for', async () => {
  const query =
    'query ($filter: OrderFilter) { orders(filter: $filter, first: 100) { totalCount nodes { id } pageInfo { hasNextPage } } }';
  const filters = [
    {},
    { customerId: 'nobody' },
    { customerId: uuidv7() },
    { customerId: good['customerId']?.[0] },
    { statuses: [] },
    { statuses: ['CANCELLED'] },
  ];
  for (const who of [people.customer, people.staff]) {
    for (const filter of filters) {
      const { data } = await ask(query, { filter }, who);
      const { totalCount, nodes, pageInfo } = (data?.['orders'] ?? {}) as {
        totalCount: number;
        nodes: unknown[];
        pageInfo: { hasNextPage: boolean };
      };
      const length = pageInfo.hasNextPage ? 100 : totalCount;
      expect({ filter, length: nodes.length }).toEqual({ filter, length });
    }
  }
});

test('registrations and log-ins by the dozen in one document make no account and prove no password', async () => {
  const { sql } = subgraphs.databases.users;
  const register = (n: number) =>
    `r${n}: registerUser(input: { email: "dozen${n}@example.com", password: "${PASSWORD}", name: "Eve" }) { session { accessToken } userErrors { code } }`;
  const logIn = (n: number) =>
    `l${n}: logIn(input: { email: "ada@example.com", password: "wrong ${n}" }) { userErrors { code } }`;
  const fields = (count: number, field: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => field(n)).join(' ');
  const [before] =
    await sql`select count(*)::int as users, (select count(*)::int from password_attempts) as attempts from users`;
  for (const document of [
    `mutation { ${fields(12, register)} }`,
    `mutation { ${fields(6, logIn)} }`,
    `mutation { ...A ...B } fragment A on Mutation { ${fields(3, register)} } fragment B on Mutation { ...A ${fields(3, logIn)} }`,
  ])
    expect(code(await ask(document, {}))).toEqual(['MAX_MUTATION_FIELDS_LIMIT']);
  const [after] =
    await sql`select count(*)::int as users, (select count(*)::int from password_attempts) as attempts from users`;
  expect(after).toEqual(before);
  const { data } = await ask(`mutation { ${fields(2, register)} }`, {});
  expect(Object.values(data ?? {})).toEqual(
    Array.from({ length: 2 }, () => ({ session: { accessToken: expect.any(String) }, userErrors: [] })),
  );
});
