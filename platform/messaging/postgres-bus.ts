import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Message } from '#schema/messages.ts';
import { createWakeableLoop } from '#platform/loop/wakeable-loop.ts';
import { type Database, failureKind, openDatabase } from '#platform/postgres/database.ts';
import { type MigrationSet, refuseUnfit } from '#platform/postgres/migrate.ts';
import type { Lease } from '#platform/postgres/connections/pool.ts';
import type { Logger } from '#platform/process/logger.ts';
import type { Bus, CaughtUpOptions, ConsumeOptions } from './bus.ts';
import { createDispatcher } from './dispatcher.ts';

export const BUS_MIGRATIONS: MigrationSet = {
  name: 'bus',
  folder: new URL('./bus-migrations/', import.meta.url),
};

const CHANNEL = 'bus';
/** Held while appending: makes the order of positions the order of commits. */
const APPEND_LOCK = 7_216_001;
const POOL_SIZE = 4;
const BATCH_SIZE = 200;
const POLL_MS = 1_000;
/** How long a process waits before it looks again whether the consumer's name has become free. */
const TAKE_OVER_MS = 500;
const LOOK_EVERY_MS = 1_000;
const CAUGHT_UP_POLL_MS = 10;
const KEPT_DAYS = 14;
const SWEEP_EVERY_MS = 3_600_000;

interface MessageRow extends Record<string, unknown> {
  position: string;
  id: string;
  type: Message['type'];
  key: string;
  payload: Message['payload'];
  occurred_at: string;
}

/** The bus as a log table in PostgreSQL, woken by NOTIFY. One process at a time works for a consumer's name; another takes over when it goes. */
export function createPostgresBus({ database, logger }: { database: Database; logger: Logger }): Bus {
  const { db } = database;
  const consumers = new Set<AsyncDisposable>();

  async function publish(messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const rows = messages.map(({ id, type, key, payload, occurredAt }, n) => ({
      n,
      id,
      type,
      key,
      payload,
      occurred_at: occurredAt,
    }));
    // One statement, so that it takes one round trip and is whole or nothing. A row gets its position under the lock.
    await db.execute(sql`
      with locked as materialized (select pg_advisory_xact_lock(${APPEND_LOCK})),
      appended as (
        insert into bus.messages (id, type, key, payload, occurred_at)
        select r.id, r.type, r.key, r.payload, r.occurred_at
        from locked, jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(n integer, id uuid, type text, key text, payload jsonb, occurred_at timestamptz)
        order by n on conflict (id) do nothing returning id)
      select pg_notify(${CHANNEL}, '') from (select count(*) from appended) as done`);
  }

  async function consume(options: ConsumeOptions): Promise<AsyncDisposable> {
    const { consumer, types } = options;
    await db.execute(
      sql`insert into bus.positions (consumer, position) values (${consumer}, 0) on conflict do nothing`,
    );
    await using starting = new AsyncDisposableStack();
    const lock = starting.use(createConsumerLock(database.url, consumer));
    const dispatcher = starting.use(
      createDispatcher({
        handle: options.handle,
        // Several processes may have moved it: never backward.
        onPosition: async (position) => {
          await db.execute(
            sql`update bus.positions set position = ${position}, moved_at = now() where consumer = ${consumer} and position < ${position}`,
          );
        },
      }),
    );
    let fetched: bigint | null = null;

    const loop = starting.use(
      createWakeableLoop({
        pollMs: POLL_MS,
        async run(signal) {
          const term = await lock.acquire(signal);
          if (term === 'new' || fetched === null) {
            const { rows } = await db.execute<{ position: string }>(
              sql`select position from bus.positions where consumer = ${consumer}`,
            );
            await dispatcher.restart();
            fetched = BigInt(rows[0]?.position ?? 0);
          }
          for (;;) {
            await dispatcher.room();
            if (signal.aborted) return;
            const { rows } = await db.execute<MessageRow>(sql`
              select position, id, type, key, payload, occurred_at from bus.messages
              where position > ${fetched} and type in ${types} order by position limit ${BATCH_SIZE}`);
            for (const row of rows) {
              fetched = BigInt(row.position);
              const { id, type, key, payload } = row;
              dispatcher.dispatch(fetched, {
                id,
                type,
                key,
                payload,
                occurredAt: new Date(row.occurred_at).toISOString(),
              });
            }
            if (rows.length < BATCH_SIZE) return;
          }
        },
        onError(error) {
          logger.warn({ error, consumer }, 'reading the bus failed; it tries again');
        },
      }),
    );
    starting.defer(() => dispatcher.stop()); // before the loop is waited for, which may wait for room
    starting.use(await database.listen(CHANNEL, loop.wake, loop.wake));
    const started = starting.move();
    const consuming: AsyncDisposable = {
      async [Symbol.asyncDispose]() {
        consumers.delete(consuming);
        await started.disposeAsync();
      },
    };
    consumers.add(consuming);
    return consuming;
  }

  async function caughtUp({ type, consumers: names, withinMs }: CaughtUpOptions): Promise<boolean> {
    const { rows } = await db.execute<{ last: string | null }>(
      sql`select max(position) as last from bus.messages where type = ${type}`,
    );
    const last = rows[0]?.last ?? null;
    if (last === null) return true;
    // Looked at again and again: a position that moves is told to nobody, and whoever asks does not ask for long.
    for (const deadline = performance.now() + withinMs; ; await delay(CAUGHT_UP_POLL_MS)) {
      const { rows: behind } = await db.execute(
        sql`select from bus.positions where consumer in ${[...names]} and position < ${last}`,
      );
      if (behind.length === 0) return true;
      if (performance.now() > deadline) return false;
    }
  }

  async function sweep(): Promise<void> {
    await db.execute(
      sql`delete from bus.messages where published_at < now() - make_interval(days => ${KEPT_DAYS}) and position <= (select min(position) from bus.positions)`,
    );
  }
  const sweeping = setInterval(
    () => void sweep().catch((error: unknown) => logger.warn({ error }, 'sweeping the bus failed')),
    SWEEP_EVERY_MS,
  );
  sweeping.unref();

  return {
    publish,
    consume,
    caughtUp,
    check: () => database.check(),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await Promise.all([...consumers].map((consumer) => consumer[Symbol.asyncDispose]()));
    },
  };
}

export interface PostgresBusOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly logger: Logger;
}

/** The bus in the database at `url`, which it opens and closes itself. */
export function openBus(options: PostgresBusOptions): Bus {
  return busOn(databaseOf(options), options.logger);
}

/**
 * The same for a service's start: a database that this code does not fit is refused. One that is away is not waited for: what is
 * to be told waits in the outbox, and whoever can do without it serves.
 * @throws {NewerDatabaseError} {@link OlderDatabaseError}, or why it will not take this account
 */
export async function connectBus(options: PostgresBusOptions): Promise<Bus> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(databaseOf(options));
  try {
    await refuseUnfit(database, [BUS_MIGRATIONS]);
  } catch (error) {
    const kind = failureKind(error);
    if (kind === null || kind === 'misconfigured') throw error;
    options.logger.warn({ error }, 'the database of the bus cannot be used; messages wait for it');
  }
  opening.move();
  return busOn(database, options.logger);
}

function databaseOf({ url, applicationName }: PostgresBusOptions): Database {
  return openDatabase({ url, applicationName, poolSize: POOL_SIZE });
}

function busOn(database: Database, logger: Logger): Bus {
  const bus = createPostgresBus({ database, logger });
  return {
    ...bus,
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/**
 * A session lock on a connection of its own: PostgreSQL lets go of it the moment the process or the connection dies.
 * It only saves double work; that nothing is handled twice is the inbox's promise.
 */
function createConsumerLock(url: string, consumer: string) {
  const database = openDatabase({ url, applicationName: `bus consumer ${consumer}`, poolSize: 1 });
  let session: Lease | null = null;
  let lookedAt = 0;

  /** Looked at now and then: a connection whose other end has vanished does not say so. */
  async function isHeld(held: Lease): Promise<boolean> {
    if (held.lost !== null) return false;
    if (performance.now() - lookedAt < LOOK_EVERY_MS) return true;
    lookedAt = performance.now();
    return held.query('select 1').then(
      () => true,
      () => false,
    );
  }

  return {
    /** Waits its turn. `new` when the lock was just taken: someone else may have moved the position. */
    async acquire(signal: AbortSignal): Promise<'new' | 'kept'> {
      if (session !== null && (await isHeld(session))) return 'kept';
      session?.release();
      session = null;
      const lease = await database.lease();
      try {
        while (!signal.aborted) {
          const { rows } = await lease.query<{ taken: boolean }>(
            'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken',
            [`bus:${consumer}`],
          );
          if (rows[0]?.taken === true) {
            session = lease;
            return 'new';
          }
          await delay(TAKE_OVER_MS, undefined, { signal }).catch(() => {});
        }
        throw signal.reason;
      } finally {
        if (session !== lease) lease.release();
      }
    },
    async [Symbol.asyncDispose]() {
      session?.release();
      await database.close(1_000);
    },
  };
}
