import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bus } from './bus.ts';
import { openBus } from './postgres-bus.ts';
import type { Message, NewMessage } from '#schema/messages.ts';
import { createLogger, type Logger, silentLogger } from '#platform/process/logger.ts';
import { DatabaseUnavailableError } from '#platform/postgres/failures.ts';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { until } from '#tests/support/until.ts';
import { startInbox } from './inbox.ts';
import { appendToOutbox, startOutboxRelay } from './outbox.ts';
import { deadLetters, inbox, outbox } from './tables.ts';

/** A service with a database, a bus, and handlers that write down what they handled in that database. */
async function startService(
  handle: (message: Message, attempt: number) => Promise<void> = async () => {},
  logger: Logger = silentLogger,
) {
  const opened = new AsyncDisposableStack();
  const database = opened.use(await cloneDatabase('orders'));
  const bus = opened.use(
    openBus({
      url: opened.use(await cloneDatabase('bus')).url,
      applicationName: 'test',
      logger: silentLogger,
    }),
  );
  await database.sql`create table handled (n bigint generated always as identity, message_id uuid, key text)`;
  const attempts = new Map<string, number>();
  const service = {
    database,
    bus,
    startInbox: () =>
      startInbox({
        database,
        bus,
        consumer: 'test',
        attempts: 4,
        logger,
        handlers: {
          'inventory.release-stock': async (message, tx) => {
            await tx.execute(
              `insert into handled (message_id, key) values ('${message.id}', '${message.key}')`,
            );
            const attempt = (attempts.get(message.id) ?? 0) + 1;
            attempts.set(message.id, attempt);
            await handle(message, attempt);
          },
        },
      }),
    handled: async () =>
      (await database.sql<{ key: string }[]>`select key from handled order by n`).map((row) => row.key),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  return service;
}

const release = (key: string): NewMessage => ({
  type: 'inventory.release-stock',
  key,
  payload: { orderId: randomUUID() },
});

/** Publishes, then fails as a process would that is killed before it has heard of its success. */
function losingTheAnswer(bus: Bus, times: number): Bus {
  let left = times;
  return {
    ...bus,
    async publish(messages) {
      await bus.publish(messages);
      if (left-- > 0) throw new Error('killed');
    },
  };
}

test('what is appended in a transaction is sent if it commits, and never if it rolls back', async () => {
  await using service = await startService();
  await using _relay = await startOutboxRelay({ ...service, logger: silentLogger });
  await using _inbox = await service.startInbox();
  await expect(
    service.database.db.transaction(async (tx) => {
      await appendToOutbox(tx, [release('rolled back')]);
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  await service.database.db.transaction((tx) => appendToOutbox(tx, [release('committed')]));
  await until(async () => (await service.handled()).length === 1, 'the message to be handled');
  expect(await service.handled()).toEqual(['committed']);
  await until(
    async () => (await service.database.db.select().from(outbox)).length === 0,
    'the outbox to be empty',
  );
});

test('a relay killed between bus and outbox sends again, and the message is handled once', async () => {
  await using service = await startService();
  await using _inbox = await service.startInbox();
  await using _relay = await startOutboxRelay({
    ...service,
    bus: losingTheAnswer(service.bus, 2),
    logger: silentLogger,
  });
  await service.database.db.transaction((tx) => appendToOutbox(tx, [release('a'), release('b')]));
  await until(
    async () => (await service.database.db.select().from(outbox)).length === 0,
    'the outbox to be empty',
  );
  await until(async () => (await service.handled()).length === 2, 'both to be handled');
  await service.database.db.transaction((tx) => appendToOutbox(tx, [release('c')]));
  await until(async () => (await service.handled()).length === 3, 'the third to be handled');
  expect((await service.handled()).toSorted()).toEqual(['a', 'b', 'c']);
});

test('a handler that fails leaves nothing behind, and its message comes again', async () => {
  await using service = await startService(async (_, attempt) => {
    if (attempt < 3) throw new Error('not yet');
  });
  await using _relay = await startOutboxRelay({ ...service, logger: silentLogger });
  await using _inbox = await service.startInbox();
  await service.database.db.transaction((tx) => appendToOutbox(tx, [release('a')]));
  await until(async () => (await service.handled()).length === 1, 'the message to be handled');
  expect(await service.database.db.select().from(inbox)).toHaveLength(1);
  expect(await service.database.db.select().from(deadLetters)).toHaveLength(0);
});

test('a database that has no room is said once, however many messages wait for it', async () => {
  const lines: string[] = [];
  const logger = createLogger('test', 'warn', { write: (line) => void lines.push(line) });
  await using service = await startService(async (_, attempt) => {
    if (attempt < 3) throw new DatabaseUnavailableError('full', 'No space left on device');
  }, logger);
  await using _relay = await startOutboxRelay({ ...service, logger: silentLogger });
  await using _inbox = await service.startInbox();
  await service.database.db.transaction((tx) => appendToOutbox(tx, ['a', 'b', 'c', 'd'].map(release)));
  await until(async () => (await service.handled()).length === 4, 'all to be handled');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('No space left on device');
});

test('a message that can never be handled is laid aside with its error, and those behind it go on', async () => {
  await using service = await startService(async ({ key, payload }) => {
    if (key === 'bad' && 'orderId' in payload && payload.orderId.endsWith('0'))
      throw new Error('no such order');
  });
  await using _inbox = await service.startInbox();
  const bad = {
    ...release('bad'),
    id: randomUUID(),
    occurredAt: new Date().toISOString(),
    payload: { orderId: '0190a000-0000-7000-8000-000000000000' },
  } as Message;
  const behind = {
    ...bad,
    id: randomUUID(),
    payload: { orderId: '0190a000-0000-7000-8000-000000000001' },
  } as Message;
  await service.bus.publish([bad, behind]);
  await until(async () => (await service.handled()).length === 1, 'the one behind to be handled');
  expect(await service.database.db.select().from(deadLetters)).toMatchObject([
    { messageId: bad.id, key: 'bad', error: 'Error: no such order', attempts: 4 },
  ]);
}, 60_000);

test('messages of one key are handled in the order of their transactions, whatever is killed on the way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 30 }),
      fc.nat(3),
      async (keys, kills) => {
        await using service = await startService();
        await using _relay = await startOutboxRelay({
          ...service,
          bus: losingTheAnswer(service.bus, kills),
          logger: silentLogger,
        });
        let running = await service.startInbox();
        for (const [n, key] of keys.entries()) {
          await service.database.db.transaction((tx) =>
            appendToOutbox(
              tx,
              [release(`${key}${n}`)].map((message) => ({ ...message, key })),
            ),
          );
          await service.database.sql`select 1`;
          if (n === keys.length >> 1) {
            await running[Symbol.asyncDispose]();
            running = await service.startInbox();
          }
        }
        await until(async () => (await service.handled()).length === keys.length, 'all to be handled');
        const handled = await service.handled();
        await running[Symbol.asyncDispose]();
        for (const key of ['a', 'b', 'c'])
          expect(handled.filter((each) => each === key)).toHaveLength(
            keys.filter((each) => each === key).length,
          );
        const inOrder = await service.database.sql<{ ordered: boolean }[]>`
        select coalesce(bool_and(ordered), true) as ordered
        from (select message_id > lag(message_id) over (partition by key order by n) as ordered from handled) as pairs where ordered is not null`;
        expect(inOrder[0]?.ordered).toBe(true); // ids are UUIDv7: they rise in the order of appending
      },
    ),
    { numRuns: 6 },
  );
}, 60_000);
