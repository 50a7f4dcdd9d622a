/** A session that ends, however it ends, takes its access tokens along, in every service. */
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type RunningSubgraphs,
  startSubgraphs,
  type SubgraphName,
} from '#tests/support/subgraphs/subgraphs.ts';
import { refusalOf } from '#tests/support/subgraphs/subgraph-client.ts';
import { until } from '#tests/support/until.ts';

const PASSWORD = 'correct horse battery staple';
const SESSION = 'session { accessToken refreshToken user { id } } userErrors { code }';
const REGISTER = `mutation ($input: RegisterUserInput!) { registerUser(input: $input) { ${SESSION} } }`;
const LOG_IN = `mutation ($input: LogInInput!) { logIn(input: $input) { ${SESSION} } }`;
const LOG_OUT = 'mutation ($input: LogOutInput!) { logOut(input: $input) { loggedOut } }';
const CHANGE = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { ${SESSION} } }`;
const REFRESH = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ${SESSION} } }`;

interface Session {
  readonly email: string;
  readonly userId: string;
  readonly refreshToken: string;
  readonly authorization: string;
}
type SessionAnswer = Record<
  string,
  {
    session: { accessToken: string; refreshToken: string; user: { id: string } };
    userErrors: { code: string }[];
  }
>;

/** One of each service, with an input that its command refuses or does nothing with. */
const MUTATIONS: readonly [SubgraphName, mutation: string][] = [
  ['users', 'mutation { updateProfile(input: { name: "Ada" }) { userErrors { code } } }'],
  ['orders', 'mutation { cancelOrder(input: { orderId: "none" }) { userErrors { code } } }'],
  [
    'inventory',
    'mutation { changePrice(input: { sku: "NONE", price: { amount: "1", currencyCode: "GBP" } }) { userErrors { code } } }',
  ],
  [
    'payments',
    'mutation { refundPayment(input: { idempotencyKey: "k", paymentId: "none" }) { userErrors { code } } }',
  ],
];

let subgraphs: RunningSubgraphs;

beforeAll(async () => {
  subgraphs = await startSubgraphs();
});
afterAll(() => subgraphs[Symbol.asyncDispose]());

async function session(
  query: string,
  field: string,
  email: string,
  input: object,
  as?: string,
): Promise<Session> {
  const answer = await subgraphs.clients.users.ask<SessionAnswer>(query, { input }, as);
  const started = answer[field]?.session;
  if (started == null) throw new Error(JSON.stringify(answer));
  const { accessToken, refreshToken, user } = started;
  return { email, refreshToken, userId: user.id, authorization: `Bearer ${accessToken}` };
}

function register(): Promise<Session> {
  const email = `${uuidv7()}@example.com`;
  return session(REGISTER, 'registerUser', email, { email, password: PASSWORD, name: 'Ada' });
}

async function twoSessions(): Promise<[Session, Session]> {
  const first = await register();
  const input = { email: first.email, password: PASSWORD };
  return [first, await session(LOG_IN, 'logIn', first.email, input)];
}

/** The code that the first error of a service's mutation has; null where the token was good enough to be looked at. */
async function refusal(subgraph: SubgraphName, { authorization }: Session): Promise<unknown> {
  const [, mutation = ''] = MUTATIONS.find(([name]) => name === subgraph) ?? [];
  const { errors } = await subgraphs.clients[subgraph].answer(mutation, {}, authorization);
  const code = errors?.[0]?.extensions['code'] ?? null;
  return code === 'FORBIDDEN' ? null : code; // what a customer is told where staff may
}

/** What each service refuses this token with: users at once, the others once they have heard or after some patience. */
async function refusals(of: Session, expected: string | null): Promise<unknown[]> {
  const now = await refusal('users', of);
  for (const [subgraph] of MUTATIONS)
    await until(async () => (await refusal(subgraph, of)) === expected, `${subgraph} to have heard`);
  return [now, ...(await Promise.all(MUTATIONS.map(([subgraph]) => refusal(subgraph, of))))];
}

const ENDED = Array.from({ length: 5 }, () => 'UNAUTHENTICATED');
const GOES_ON = Array.from({ length: 5 }, () => null);

test('logging out ends the access tokens of that session and of no other', async () => {
  const first = await register();
  const input = { email: first.email, password: PASSWORD };
  const second = await session(LOG_IN, 'logIn', first.email, input);
  const refreshed = await session(REFRESH, 'refreshSession', first.email, {
    refreshToken: first.refreshToken,
  });
  expect(await refusals(first, null)).toEqual(GOES_ON);
  await subgraphs.clients.users.ask(LOG_OUT, { input: { refreshToken: refreshed.refreshToken } });
  expect(await refusals(first, 'UNAUTHENTICATED')).toEqual(ENDED);
  expect(await refusals(refreshed, 'UNAUTHENTICATED')).toEqual(ENDED);
  expect(await refusals(second, null)).toEqual(GOES_ON);
});

test('who is told that they are logged out can rely on it at once, in every service', async () => {
  for (let n = 0; n < 5; n++) {
    const first = await register();
    await subgraphs.clients.users.ask(LOG_OUT, { input: { refreshToken: first.refreshToken } });
    const told = await Promise.all(MUTATIONS.map(([subgraph]) => refusal(subgraph, first)));
    expect(told).toEqual(MUTATIONS.map(() => 'UNAUTHENTICATED'));
  }
});

test('a stream that an ended session opened tells no further event, and it opens no other', async () => {
  const [first, second] = await twoSessions();
  // As long as inventory cannot look for the SKU, nothing happens to the order but what this test does.
  const held = await subgraphs.databases.inventory.lease();
  using _released = { [Symbol.dispose]: () => held.release() };
  await held.query('begin');
  await held.query('lock table variants in access exclusive mode');
  const input = {
    idempotencyKey: uuidv7(),
    lines: [{ sku: 'NONE', quantity: 1 }],
    paymentMethod: 'tok_visa',
    shippingAddress: {
      name: 'Ada',
      line1: '1 High Street',
      city: 'London',
      postalCode: 'E1 6AN',
      countryCode: 'GB',
    },
  };
  const place = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } userErrors { code } } }`;
  const { orders } = subgraphs.clients;
  const { placeOrder } = await orders.ask<{ placeOrder: { order: { id: string } } }>(
    place,
    { input },
    first.authorization,
  );
  const follow = ({ authorization }: Session, after: number) =>
    orders.follow(
      'subscription ($id: ID!, $after: Int) { orderUpdated(orderId: $id, after: $after) { version } }',
      { id: placeOrder.order.id, after },
      authorization,
    );
  const open = follow(first, 0);
  expect((await open.next()).value).toMatchObject({ data: { orderUpdated: { version: 1 } } });
  await subgraphs.clients.users.ask(LOG_OUT, { input: { refreshToken: first.refreshToken } });
  await until(async () => (await refusal('orders', first)) === 'UNAUTHENTICATED', 'orders to have heard');
  const cancel = `mutation ($input: CancelOrderInput!) { cancelOrder(input: $input) { userErrors { code } } }`;
  await orders.ask(cancel, { input: { orderId: placeOrder.order.id } }, second.authorization);
  expect(await refusalOf(open)).toContain('UNAUTHENTICATED');
  expect(await refusalOf(follow(first, 0))).toContain('UNAUTHENTICATED');
  expect((await follow(second, 1).next()).value).toMatchObject({ data: { orderUpdated: { version: 2 } } });
});

test('changing the password ends every session but the new one', async () => {
  const first = await register();
  const second = await session(LOG_IN, 'logIn', first.email, { email: first.email, password: PASSWORD });
  const passwords = { currentPassword: PASSWORD, newPassword: 'another horse battery staple' };
  const third = await session(CHANGE, 'changePassword', first.email, passwords, second.authorization);
  expect(await refusals(first, 'UNAUTHENTICATED')).toEqual(ENDED);
  expect(await refusals(second, 'UNAUTHENTICATED')).toEqual(ENDED);
  expect(await refusals(third, null)).toEqual(GOES_ON);
});

test('a refresh token that is used again ends the session for whoever holds its access tokens', async () => {
  const first = await register();
  const refresh = (from: Session) =>
    session(REFRESH, 'refreshSession', from.email, { refreshToken: from.refreshToken });
  const second = await refresh(first);
  const third = await refresh(second);
  await expect(refresh(first)).rejects.toThrow('INVALID_REFRESH_TOKEN');
  expect(await refusal('orders', third)).toBe('UNAUTHENTICATED'); // at once
  for (const each of [first, second, third]) expect(await refusals(each, 'UNAUTHENTICATED')).toEqual(ENDED);
});

test('an ended session can still log in, refresh and log out: they do not ask who one is', async () => {
  const first = await register();
  await subgraphs.clients.users.ask(
    LOG_OUT,
    { input: { refreshToken: first.refreshToken } },
    first.authorization,
  );
  expect(await refusals(first, 'UNAUTHENTICATED')).toEqual(ENDED);
  const input = { email: first.email, password: PASSWORD };
  expect(
    await refusals(await session(LOG_IN, 'logIn', first.email, input, first.authorization), null),
  ).toEqual(GOES_ON);
});

test('one document that logs out and then changes something changes nothing', async () => {
  const { refreshToken, authorization } = await register();
  const both = `mutation ($input: LogOutInput!) { logOut(input: $input) { loggedOut } updateProfile(input: { name: "Eve" }) { user { name } } }`;
  const { errors } = await subgraphs.clients.users.answer(both, { input: { refreshToken } }, authorization);
  expect(errors?.[0]).toMatchObject({ path: ['updateProfile'], extensions: { code: 'UNAUTHENTICATED' } });
});

test.each([
  ['disabled', 'update users set disabled_at = now() where id = $1'],
  ['deleted', 'delete from users where id = $1'],
])('an account that is %s, by whatever statement, can place no order', async (_, statement) => {
  const { authorization, userId, ...rest } = await register();
  const database = subgraphs.databases.users;
  await database.sql.unsafe(statement, [userId]);
  const ended = { authorization, userId, ...rest };
  for (const subgraph of ['orders', 'inventory', 'payments'] as const)
    await until(
      async () => (await refusal(subgraph, ended)) === 'UNAUTHENTICATED',
      `${subgraph} to have heard`,
    );
  const input = { email: rest.email, password: PASSWORD };
  const { logIn } = await subgraphs.clients.users.ask<SessionAnswer>(LOG_IN, { input });
  expect(logIn?.userErrors).toEqual([{ code: 'INVALID_CREDENTIALS' }]);
});

test.each(['delete from sessions', 'truncate sessions cascade'])(
  'sessions that an operator ends by %j have ended in every service, and in users at once',
  async (statement) => {
    const [first, second] = await twoSessions();
    expect(await refusals(second, null)).toEqual(GOES_ON);
    await subgraphs.databases.users.sql.unsafe(statement);
    for (const each of [first, second]) expect(await refusals(each, 'UNAUTHENTICATED')).toEqual(ENDED);
    const input = { email: first.email, password: PASSWORD };
    expect(await refusals(await session(LOG_IN, 'logIn', first.email, input), null)).toEqual(GOES_ON);
  },
);

test('what is told of a session is told once and leaves the outbox', async () => {
  const { sql } = subgraphs.databases.users;
  const { refreshToken, authorization, ...rest } = await register();
  for (const _ of [1, 2]) await subgraphs.clients.users.ask(LOG_OUT, { input: { refreshToken } });
  expect(await refusals({ refreshToken, authorization, ...rest }, 'UNAUTHENTICATED')).toEqual(ENDED);
  await until(async () => (await sql`select from messaging.outbox`).length === 0, 'the outbox to be empty');
  const dead = await Promise.all(
    (['orders', 'inventory', 'payments'] as const).map(
      (name) => subgraphs.databases[name].sql`select from messaging.dead_letters`,
    ),
  );
  expect(dead.flat()).toEqual([]);
});
