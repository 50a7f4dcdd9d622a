import { expect, test } from 'vitest';
import { cloneDatabase } from './database.ts';

test('a cloned database is migrated, one’s own, and gone when disposed', async () => {
  let name: string;
  {
    await using first = await cloneDatabase('orders');
    await using second = await cloneDatabase('orders');
    await first.sql`insert into messaging.inbox (message_id) values (gen_random_uuid())`;
    expect(await second.sql`select * from messaging.inbox`).toHaveLength(0);
    name = new URL(first.url).pathname.slice(1);
  }
  await using bus = await cloneDatabase('bus');
  expect(await bus.sql`select 1 from pg_database where datname = ${name}`).toHaveLength(0);
  expect(await bus.sql`select * from bus.messages`).toHaveLength(0);
});

test('many tests may clone at once', async () => {
  const clones = await Promise.all(Array.from({ length: 6 }, () => cloneDatabase('inventory')));
  expect(new Set(clones.map(({ url }) => url)).size).toBe(6);
  await Promise.all(clones.map((clone) => clone[Symbol.asyncDispose]()));
});
