import { expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database.ts';
import { users } from './db/tables.ts';
import { seedUsers } from './seed.ts';
import { PASSWORD } from './testing.ts';

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
