import { expect, test } from 'vitest';
import type { Actor } from '#platform/auth/actor.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { createLoaders } from './loaders.ts';
import { createCommandContext, createTestClock, createUser } from '../testing.ts';

test('many users and their addresses are read in one query each', async () => {
  await using database = await cloneDatabase('users');
  const context = await createCommandContext(database, createTestClock());
  const users = [await createUser(context), await createUser(context), await createUser(context)];
  const staff: Actor = { kind: 'user', userId: users[0]!.id, roles: ['STAFF'], expiresAt: new Date() };

  let queries = 0;
  const counting = new Proxy(database.db, {
    get(target, property, receiver) {
      if (property === 'select') queries++;
      return Reflect.get(target, property, receiver) as unknown;
    },
  });
  const loaders = createLoaders(counting, staff);
  const found = await Promise.all(users.map(({ id }) => loaders.user.load(id)));
  expect(found).toEqual(users);
  expect(queries).toBe(1);
  await Promise.all(users.map(({ id }) => loaders.addressesOf.load(id)));
  expect(queries).toBe(2);
  loaders.forget();
  await loaders.user.load(users[0]!.id);
  expect(queries).toBe(3);
});
