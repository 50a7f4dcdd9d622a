import { decodeProtectedHeader } from 'jose';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTokenVerifier } from '#platform/auth/verify-token.ts';
import { ADDRESSES_PER_USER } from './domain/limits.ts';
import { seedUsers } from './seed/seed.ts';
import { JWKS_PATH } from './subgraph.ts';
import { PASSWORD, startUsersService, type TestUsersService } from './testing.ts';

const STAFF = { email: 'staff@example.com', name: 'Grace', password: PASSWORD, roles: ['STAFF'] as const };

const SESSION = `session { accessToken refreshToken expiresAt user { id email name roles createdAt addresses { id } } } userErrors { code field message }`;
const REGISTER = `mutation ($input: RegisterUserInput!) { registerUser(input: $input) { ${SESSION} } }`;
const LOG_IN = `mutation ($input: LogInInput!) { logIn(input: $input) { ${SESSION} } }`;
const REFRESH = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ${SESSION} } }`;
const CHANGE_PASSWORD = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { ${SESSION} } }`;
const LOG_OUT = `mutation ($input: LogOutInput!) { logOut(input: $input) { loggedOut userErrors { code } } }`;
const RENAME = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id name } userErrors { code field } } }`;
const ADD_ADDRESS = `mutation ($input: AddAddressInput!) { addAddress(input: $input) { address { id name line1 line2 city region postalCode countryCode } user { addresses { id } } userErrors { code field } } }`;
const REMOVE_ADDRESS = `mutation ($input: RemoveAddressInput!) { removeAddress(input: $input) { user { addresses { id } } userErrors { code field } } }`;
const USER = `query ($id: ID!) { user(id: $id) { id email addresses { id } } }`;
const ENTITIES = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { id name } } }`;
const ADDRESS = {
  name: 'Ada',
  line1: '1 High Street',
  city: 'London',
  postalCode: 'E1 6AN',
  countryCode: 'GB',
};

let service: TestUsersService;
let staffToken: string;

beforeAll(async () => {
  service = await startUsersService();
  await seedUsers(service.database, { accounts: [STAFF] });
  const { data } = await service.ask(LOG_IN, { input: { email: STAFF.email, password: PASSWORD } });
  staffToken = data.logIn.session.accessToken;
});
afterAll(() => service[Symbol.asyncDispose]());

const newEmail = () => `${uuidv7()}@example.com`;

async function register(
  email = newEmail(),
): Promise<{ id: string; email: string; accessToken: string; refreshToken: string }> {
  const { data } = await service.ask(REGISTER, { input: { email, password: PASSWORD, name: 'Ada' } });
  const { accessToken, refreshToken, user } = data.registerUser.session;
  return { id: user.id, email, accessToken, refreshToken };
}

describe('an account', () => {
  test('who registers is a customer, logged in at once, and stays so by refreshing', async () => {
    const email = newEmail();
    const { data } = await service.ask(REGISTER, { input: { email, password: PASSWORD, name: '  Ada  ' } });
    const { session, userErrors } = data.registerUser;
    expect(userErrors).toEqual([]);
    expect(session.user).toMatchObject({ email, name: 'Ada', roles: ['CUSTOMER'], addresses: [] });
    const lifeMs = Date.parse(session.expiresAt) - Date.now();
    expect(lifeMs).toBeGreaterThan(14 * 60_000);
    expect(lifeMs).toBeLessThanOrEqual(15 * 60_000);

    const refreshed = await service.ask(REFRESH, { input: { refreshToken: session.refreshToken } });
    const { accessToken } = refreshed.data.refreshSession.session;
    const me = await service.ask('{ me { id email } }', {}, accessToken);
    expect(me.data.me).toEqual({ id: session.user.id, email });
  });

  test('an e-mail address has one account, in whatever case, and however many ask at once', async () => {
    const email = newEmail();
    const spellings = [email, email.toUpperCase(), email, email.replace('example', 'Example')];
    const answers = await Promise.all(
      spellings.map((spelling) =>
        service.ask(REGISTER, { input: { email: spelling, password: PASSWORD, name: 'Ada' } }),
      ),
    );
    const payloads = answers.map(({ data }) => data.registerUser);
    expect(payloads.filter(({ session }) => session !== null)).toHaveLength(1);
    const refused = payloads.filter(({ session }) => session === null);
    for (const { userErrors } of refused)
      expect(userErrors).toMatchObject([{ code: 'EMAIL_TAKEN', field: ['input', 'email'] }]);
  });

  test.each([
    ['a short password', { password: 'too short 1' }, ['input', 'password']],
    ['an endless password', { password: 'x'.repeat(201) }, ['input', 'password']],
    ['no name', { name: ' \t ' }, ['input', 'name']],
    ['an endless name', { name: 'x'.repeat(201) }, ['input', 'name']],
    ['a name the database cannot hold', { name: 'Ada\u0000' }, ['input', 'name']],
    ['an endless address', { email: `${'x'.repeat(250)}@example.com` }, ['input', 'email']],
  ])('%s is refused by its field', async (_, fault, field) => {
    const input = { email: newEmail(), password: PASSWORD, name: 'Ada', ...fault };
    const { data } = await service.ask(REGISTER, { input });
    expect(data.registerUser).toMatchObject({
      session: null,
      userErrors: [{ code: 'INVALID_INPUT', field }],
    });
  });

  test('what is no e-mail address does not get as far as the account', async () => {
    const { errors } = await service.ask(REGISTER, {
      input: { email: 'ada', password: PASSWORD, name: 'Ada' },
    });
    expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('its owner renames it, changes its password, and logs out', async () => {
    const { id, email, accessToken } = await register();
    const renamed = await service.ask(RENAME, { input: { name: 'Countess' } }, accessToken);
    expect(renamed.data.updateProfile).toEqual({ user: { id, name: 'Countess' }, userErrors: [] });

    const newPassword = 'another horse battery staple';
    const input = { currentPassword: PASSWORD, newPassword };
    const changed = await service.ask(CHANGE_PASSWORD, { input }, accessToken);
    const { session } = changed.data.changePassword;
    const again = await service.ask(LOG_IN, { input: { email, password: newPassword } });
    expect(again.data.logIn.session.user.id).toBe(id);

    const out = await service.ask(LOG_OUT, { input: { refreshToken: session.refreshToken } });
    expect(out.data.logOut).toEqual({ loggedOut: true, userErrors: [] });
    const late = await service.ask(REFRESH, { input: { refreshToken: session.refreshToken } });
    expect(late.data.refreshSession).toMatchObject({
      session: null,
      userErrors: [{ code: 'INVALID_REFRESH_TOKEN' }],
    });
  });
});

describe('who sees whom', () => {
  test('nobody is logged in: there is no me, and writing needs a log-in', async () => {
    expect((await service.ask('{ me { id } }')).data).toEqual({ me: null });
    for (const [mutation, input] of [
      [RENAME, { name: 'Eve' }],
      [ADD_ADDRESS, { address: ADDRESS }],
      [REMOVE_ADDRESS, { addressId: uuidv7() }],
      [CHANGE_PASSWORD, { currentPassword: PASSWORD, newPassword: PASSWORD }],
    ] as const) {
      expect((await service.ask(mutation, { input })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
  });

  test('customers find themselves, staff everybody, and anybody else is not found', async () => {
    const [ada, eve] = [await register(), await register()];
    const seen = async (id: string, accessToken: string | null) =>
      (await service.ask(USER, { id }, accessToken)).data.user?.id ?? null;
    expect(await seen(ada.id, ada.accessToken)).toBe(ada.id);
    expect(await seen(ada.id, eve.accessToken)).toBeNull();
    expect(await seen(ada.id, null)).toBeNull();
    expect(await seen(ada.id, staffToken)).toBe(ada.id);
    for (const id of [uuidv7(), 'no-uuid', '', "' or 1=1 --"]) expect(await seen(id, staffToken)).toBeNull();
  });

  test('other subgraphs reach a user by reference under the same rule, in the order they asked', async () => {
    const [ada, eve] = [await register(), await register()];
    const ids = [eve.id, uuidv7(), ada.id, 'no-uuid', eve.id];
    const representations = ids.map((id) => ({ __typename: 'User', id }));
    const seen = async (accessToken: string | null) => {
      const { data } = await service.ask(ENTITIES, { representations }, accessToken);
      return data._entities.map((user: { id: string } | null) => user?.id ?? null);
    };
    expect(await seen(staffToken)).toEqual([eve.id, null, ada.id, null, eve.id]);
    expect(await seen(ada.accessToken)).toEqual([null, null, ada.id, null, null]);
    expect(await seen(null)).toEqual([null, null, null, null, null]);
  });

  test('calls that do not come through the gateway are refused', async () => {
    const response = await fetch(`${service.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ me { id } }' }),
    });
    expect(response.status).toBe(403);
  });

  test('a token that is not ours is refused rather than taken for nobody', async () => {
    const { errors } = await service.ask('{ me { id } }', {}, 'not.a.token');
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('addresses', () => {
  test('are kept as given, oldest first, and removed one by one', async () => {
    const { accessToken } = await register();
    const full = { ...ADDRESS, line2: 'Flat 2', region: 'Greater London', countryCode: 'gb' };
    const first = (await service.ask(ADD_ADDRESS, { input: { address: full } }, accessToken)).data.addAddress;
    const second = (
      await service.ask(ADD_ADDRESS, { input: { address: { ...ADDRESS, line2: ' ' } } }, accessToken)
    ).data.addAddress;
    const [one, two] = [first.address.id, second.address.id];
    expect(first.address).toEqual({ id: one, ...full, countryCode: 'GB' });
    expect(second.address).toEqual({ id: two, ...ADDRESS, line2: null, region: null });
    expect(second.user.addresses).toEqual([{ id: one }, { id: two }]);
    const removed = await service.ask(REMOVE_ADDRESS, { input: { addressId: one } }, accessToken);
    expect(removed.data.removeAddress).toEqual({ user: { addresses: [{ id: two }] }, userErrors: [] });
  });

  test('several changes in one request: each sees the one before it', async () => {
    const { accessToken } = await register();
    const fields = '{ user { addresses { line1 } } }';
    const mutation = `mutation ($a: AddAddressInput!, $b: AddAddressInput!) { a: addAddress(input: $a) ${fields} b: addAddress(input: $b) ${fields} }`;
    const variables = { a: { address: ADDRESS }, b: { address: { ...ADDRESS, line1: '2 High Street' } } };
    const { data } = await service.ask(mutation, variables, accessToken);
    expect(data.b.user.addresses.map(({ line1 }: { line1: string }) => line1)).toEqual([
      '1 High Street',
      '2 High Street',
    ]);
  });

  test('of others cannot be removed, not even by staff, nor told from those that do not exist', async () => {
    const [ada, eve] = [await register(), await register()];
    const { address } = (await service.ask(ADD_ADDRESS, { input: { address: ADDRESS } }, ada.accessToken))
      .data.addAddress;
    for (const accessToken of [eve.accessToken, staffToken]) {
      for (const addressId of [address.id, uuidv7(), 'no-uuid']) {
        const { data } = await service.ask(REMOVE_ADDRESS, { input: { addressId } }, accessToken);
        const userErrors = [{ code: 'NOT_FOUND', field: ['input', 'addressId'] }];
        expect(data.removeAddress).toEqual({ user: null, userErrors });
      }
    }
    const { data } = await service.ask(USER, { id: ada.id }, ada.accessToken);
    expect(data.user.addresses).toEqual([{ id: address.id }]);
  });

  test('a field at fault is named by its whole path', async () => {
    const { accessToken } = await register();
    const input = { address: { ...ADDRESS, city: '' } };
    const { data } = await service.ask(ADD_ADDRESS, { input }, accessToken);
    const userErrors = [{ code: 'INVALID_INPUT', field: ['input', 'address', 'city'] }];
    expect(data.addAddress).toEqual({ address: null, user: null, userErrors });
  });

  test('an account keeps a bounded number, however many come at once', async () => {
    const { id, accessToken } = await register();
    const add = () => service.ask(ADD_ADDRESS, { input: { address: ADDRESS } }, accessToken);
    const answers = await Promise.all(Array.from({ length: ADDRESSES_PER_USER + 10 }, add));
    const refused = answers.filter(({ data }) => data.addAddress.address === null);
    expect(refused).toHaveLength(10);
    expect((await service.ask(USER, { id }, accessToken)).data.user.addresses).toHaveLength(
      ADDRESSES_PER_USER,
    );
  });
});

describe('the public keys', () => {
  test('are open to all, may be kept, and hold nothing private', async () => {
    const response = await fetch(`${service.url}${JWKS_PATH}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/jwk-set+json');
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    const { keys } = (await response.json()) as { keys: object[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([['alg', 'crv', 'kid', 'kty', 'use', 'x']]);
  });

  test('verify our access tokens in any other service', async () => {
    const { id, accessToken } = await register();
    const verify = createTokenVerifier(`${service.url}${JWKS_PATH}`);
    expect(await verify(`Bearer ${accessToken}`)).toMatchObject({
      kind: 'user',
      userId: id,
      roles: ['CUSTOMER'],
    });
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'EdDSA', kid: 'test-key' });
  });
});

test('an account deleted since: its access token finds nothing and its changes are refused', async () => {
  const { id, accessToken, refreshToken } = await register();
  await service.database.sql`delete from users where id = ${id}`;
  expect((await service.ask('{ me { id } }', {}, accessToken)).data.me).toBeNull();
  for (const [mutation, name, input] of [
    [RENAME, 'updateProfile', { name: 'Eve' }],
    [ADD_ADDRESS, 'addAddress', { address: ADDRESS }],
    [REMOVE_ADDRESS, 'removeAddress', { addressId: uuidv7() }],
    [CHANGE_PASSWORD, 'changePassword', { currentPassword: PASSWORD, newPassword: PASSWORD }],
  ] as const) {
    const { data } = await service.ask(mutation, { input }, accessToken);
    expect(data[name].userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  }
  const { data } = await service.ask(REFRESH, { input: { refreshToken } });
  expect(data.refreshSession.userErrors).toMatchObject([{ code: 'INVALID_REFRESH_TOKEN' }]);
});

test('an address with a plus is an account of its own; one that is none, or too long, has none', async () => {
  const name = uuidv7();
  const input = (email: string) => ({ input: { email, password: PASSWORD, name: 'Ada' } });
  const codes: unknown[] = [];
  for (const email of [
    `${name}@example.com`,
    `${name}+shop@example.com`,
    `${name.toUpperCase()}+SHOP@example.com`,
  ]) {
    const { data } = await service.ask(REGISTER, input(email));
    codes.push(data.registerUser.userErrors[0]?.code ?? 'in');
  }
  expect(codes).toEqual(['in', 'in', 'EMAIL_TAKEN']);
  const { data } = await service.ask(REGISTER, input(`${'a'.repeat(243)}@example.com`));
  expect(data.registerUser.userErrors).toMatchObject([{ code: 'INVALID_INPUT', field: ['input', 'email'] }]);
  for (const email of [
    'ad\u00e4@example.com',
    '\u0130@example.com',
    '\u212a@example.com',
    ' a@example.com',
    'a\0@example.com',
  ]) {
    const { errors } = await service.ask(REGISTER, input(email));
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  }
});

test('health is told without a secret', async () => {
  expect(await (await fetch(`${service.url}/health`)).json()).toEqual({ status: 'ok' });
});
