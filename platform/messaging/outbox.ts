import { asc, inArray, sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import type { Bus } from './bus.ts';
import type { Message, NewMessage } from '#schema/messages.ts';
import { type Database, isTransient, type Transaction } from '#platform/postgres/database.ts';
import { createWakeableLoop } from '#platform/loop/wakeable-loop.ts';
import type { Logger } from '#platform/process/logger.ts';
import { outbox } from './tables.ts';

const CHANNEL = 'outbox';
const BATCH_SIZE = 200;
/** How long a message waits at most should its notification get lost. */
const POLL_MS = 1_000;

/**
 * Says something in the transaction that makes it true: it is sent if, and only if, the transaction commits. Messages of
 * one key keep the order of their appending, as long as one row lock orders the transactions that append to that key.
 */
export async function appendToOutbox(
  tx: Transaction,
  messages: readonly NewMessage[],
  now = new Date(),
): Promise<void> {
  if (messages.length === 0) return;
  await tx
    .insert(outbox)
    .values(
      messages.map(({ type, key, payload }) => ({ id: uuidv7(), type, key, payload, occurredAt: now })),
    );
  await tx.execute(sql`select pg_notify(${CHANNEL}, '')`);
}

/**
 * Hands what is in the outbox to the bus, oldest first. A crash between the bus taking a message and its row leaving
 * sends it again under the same id, which the bus drops.
 */
export async function startOutboxRelay({
  database,
  bus,
  logger,
}: {
  database: Database;
  bus: Bus;
  logger: Logger;
}): Promise<AsyncDisposable> {
  async function relayBatch(): Promise<number> {
    return database.db.transaction(async (tx) => {
      const rows = await tx
        .select()
        .from(outbox)
        .orderBy(asc(outbox.position))
        .limit(BATCH_SIZE)
        .for('update');
      if (rows.length === 0) return 0;
      await bus.publish(
        rows.map(
          ({ id, type, key, payload, occurredAt }) =>
            ({ id, type, key, payload, occurredAt: occurredAt.toISOString() }) as Message,
        ),
      );
      await tx.delete(outbox).where(
        inArray(
          outbox.position,
          rows.map((row) => row.position),
        ),
      );
      return rows.length;
    });
  }

  await using starting = new AsyncDisposableStack();
  const loop = starting.use(
    createWakeableLoop({
      pollMs: POLL_MS,
      async run() {
        while ((await relayBatch()) > 0);
      },
      onError(error) {
        logger[isTransient(error) ? 'warn' : 'error']({ error }, 'outbox relay failed; it tries again');
      },
    }),
  );
  starting.use(await database.listen(CHANNEL, loop.wake, loop.wake));
  return starting.move();
}
