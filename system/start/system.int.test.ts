import { expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { makeTemporaryFolder, removeTemporaryFolder, systemEnvironment } from '#tests/support/system.ts';
import { until } from '#tests/support/until.ts';
import { startSystem, type SystemEvent } from './system.ts';

test('no service begins before the database of the bus is brought forward', async () => {
  await using opened = new AsyncDisposableStack();
  const open = async (name: Parameters<typeof cloneDatabase>[0]) => opened.use(await cloneDatabase(name));
  const [users, inventory, payments, orders, bus] = [
    await open('users'),
    await open('inventory'),
    await open('payments'),
    await open('orders'),
    await open('bus'),
  ];
  const dataFolder = await makeTemporaryFolder();
  opened.defer(() => removeTemporaryFolder(dataFolder));
  const held = await bus.lease();
  using released = new DisposableStack();
  released.defer(() => held.release());
  await held.query('begin');
  await held.query('lock table migrations_bus in access exclusive mode'); // its migrator waits

  const giveUp = new AbortController();
  const begun: string[] = [];
  const starting = startSystem({
    dataFolder,
    gatewayPort: 0,
    gatewayHost: '127.0.0.1',
    databaseUrls: {
      users: users.url,
      inventory: inventory.url,
      payments: payments.url,
      orders: orders.url,
      bus: bus.url,
    },
    env: systemEnvironment(),
    durable: false,
    onEvent: (event: SystemEvent) => {
      if (event.kind === 'step begun') begun.push(event.step);
      if (event.kind === 'step begun' && event.step === 'users') giveUp.abort(new Error('seen enough'));
    },
    signal: giveUp.signal,
  });
  const ended = rejectionOf(starting);
  // All that users waits for beside the bus is done: its last account is there, and the gateway is on its way.
  await until(
    async () => (await users.sql`select from users where email = 'admin@example.com'`).length === 1,
    'users to be seeded',
  );
  await until(async () => begun.includes('gateway'), 'the gateway to begin');
  const early = begun.filter((step) => ['users', 'inventory', 'payments', 'orders'].includes(step));
  released.dispose();
  expect(await ended).toMatchObject({ message: 'seen enough' });
  expect(early).toEqual([]);
});
