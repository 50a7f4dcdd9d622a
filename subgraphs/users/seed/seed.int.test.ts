import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { rejectionOf } from '#tests/support/rejection.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { users } from '../db/tables.ts';
import { seedPasswordFault, seedUsers } from './seed.ts';
import { PASSWORD } from '../testing.ts';

const STAFF = {
  email: 'staff@example.com',
  name: 'Grace',
  password: PASSWORD,
  roles: ['STAFF', 'CUSTOMER'] as const,
};
const CUSTOMER = {
  email: 'customer@example.com',
  name: 'Ada',
  password: PASSWORD,
  roles: ['CUSTOMER'] as const,
};

test('seeding adds the accounts that are missing and leaves those that are there alone', async () => {
  await using database = await cloneDatabase('users');
  const rows = () => database.db.select().from(users).orderBy(users.email);
  await seedUsers(database, { accounts: [STAFF] });
  const [staff] = await rows();
  expect(staff).toMatchObject({ email: STAFF.email, name: 'Grace', roles: ['STAFF', 'CUSTOMER'] });

  const changed = {
    ...STAFF,
    email: 'Staff@Example.com',
    name: 'Other',
    password: 'something else entirely',
    roles: ['CUSTOMER'] as const,
  };
  await Promise.all([1, 2].map(() => seedUsers(database, { accounts: [changed, CUSTOMER] })));
  expect(await rows()).toEqual([expect.objectContaining({ email: CUSTOMER.email }), staff]);
});

test.each([
  ['as long as one may type a key', 'aaaaaaaaaaaaaaaa', /easy to guess/],
  ['blanks', ' '.repeat(12), /easy to guess/],
  ['what an account is called', 'grace@example.com', /easy to guess/],
  ['short', 'k7#pq', /at least 12/],
  ['endless', 'k7#pq'.repeat(41), /at most 200/],
])('a password for seeded accounts that is %s is none for registering either', async (_, password, fault) => {
  expect(await seedPasswordFault(password, [STAFF, CUSTOMER])).toMatch(fault);
});

test('the seed refuses such a password before it touches a database, in one line', async () => {
  expect(await seedPasswordFault(PASSWORD, [STAFF, CUSTOMER])).toBeNull();
  const env = {
    PATH: process.env['PATH'],
    USERS_DATABASE_URL: 'postgres://127.0.0.1:1/users',
    INVENTORY_DATABASE_URL: 'postgres://127.0.0.1:1/inventory',
    SEED_PASSWORD: 'aaaaaaaaaaaaaaaa',
  };
  const script = fileURLToPath(new URL('../../../scripts/seed.ts', import.meta.url));
  const refused = await rejectionOf(promisify(execFile)(process.execPath, [script], { env }));
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^SEED_PASSWORD will not do\. .*easy to guess.*\n$/),
  });
});
