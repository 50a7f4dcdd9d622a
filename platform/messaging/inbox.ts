import { setTimeout as delay } from 'node:timers/promises';
import { lt, sql } from 'drizzle-orm';
import type { Bus } from './bus.ts';
import { MESSAGES, type Message, type MessageHandlers, type MessageType } from '#schema/messages.ts';
import { type Database, failureKind, type Transaction } from '#platform/postgres/database.ts';
import type { Logger } from '#platform/process/logger.ts';
import { deadLetters, inbox } from './tables.ts';

const DEFAULT_ATTEMPTS = 8;
const BACKOFF_FIRST_MS = 50;
const BACKOFF_LAST_MS = 5_000;
/** While the database is at fault: whatever waits is to go on soon after it is back. */
const BACKOFF_AWAY_MS = 1_000;
/** How often at most it is said that the database is at fault: every message that waits runs into it. */
const SAY_AGAIN_MS = 5_000;
/** Longer than the bus keeps messages: an id is forgotten only when it cannot come again. */
const REMEMBERED_DAYS = 30;
const FORGET_EVERY_MS = 3_600_000;

export interface InboxOptions {
  readonly database: Database;
  readonly bus: Bus;
  /** The service's name: each service gets every message it has a handler for, once. */
  readonly consumer: string;
  readonly handlers: MessageHandlers<Transaction>;
  readonly logger: Logger;
  /** How often a message is tried before it is laid aside; 8 unless told otherwise, which takes about 11 s. */
  readonly attempts?: number;
}

/**
 * Handles each message once: the handler's writes and the note that the message was handled are one transaction. A
 * handler that fails is tried again; while the database is away for as long as that takes, otherwise `attempts`
 * times, after which the message is laid aside as a dead letter and said so.
 */
export async function startInbox({
  database,
  bus,
  consumer,
  handlers,
  logger,
  attempts = DEFAULT_ATTEMPTS,
}: InboxOptions): Promise<AsyncDisposable> {
  async function handleOnce(message: Message): Promise<void> {
    const handler = handlers[message.type] as (message: Message, tx: Transaction) => Promise<void>;
    const payload = MESSAGES[message.type].parse(message.payload) as Message['payload'];
    await database.db.transaction(async (tx) => {
      const first = await tx
        .insert(inbox)
        .values({ messageId: message.id })
        .onConflictDoNothing()
        .returning();
      if (first.length > 0) await handler({ ...message, payload }, tx);
    });
  }

  const said = new Map<string, number>();
  /** A disk that is full is not to be filled with lines that say so. */
  function isNews(kind: string): boolean {
    const now = performance.now();
    if (now - (said.get(kind) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return false;
    said.set(kind, now);
    return true;
  }

  async function handle(message: Message, signal: AbortSignal): Promise<void> {
    for (let attempt = 1, tries = 1; ; tries++) {
      try {
        return await handleOnce(message);
      } catch (error) {
        if (signal.aborted) throw error;
        // What takes too long each time would be tried for good, and hold up all that comes behind it.
        const kind = failureKind(error);
        const transient = kind !== null && kind !== 'slow';
        if (!transient || isNews(kind))
          logger.warn(
            { error, type: message.type, key: message.key, id: message.id, attempt },
            'handling a message failed',
          );
        if (!transient && attempt >= attempts) return layAside(message, error);
        const pauseMs = BACKOFF_FIRST_MS * 2 ** (transient ? tries : attempt);
        await delay(Math.min(transient ? BACKOFF_AWAY_MS : BACKOFF_LAST_MS, pauseMs), undefined, { signal });
        if (!transient) attempt++;
      }
    }
  }

  async function layAside(message: Message, error: unknown): Promise<void> {
    const { id: messageId, type, key } = message;
    await database.db
      .insert(deadLetters)
      .values({ messageId, type, key, message, error: String(error), attempts })
      .onConflictDoNothing();
    logger.error(
      { error, type, key, id: messageId, attempts },
      'message laid aside in messaging.dead_letters',
    );
  }

  async function forget() {
    await database.db
      .delete(inbox)
      .where(lt(inbox.handledAt, sql`now() - make_interval(days => ${REMEMBERED_DAYS})`));
  }

  const forgetting = setInterval(
    () => void forget().catch((error: unknown) => logger.warn({ error }, 'clearing the inbox failed')),
    FORGET_EVERY_MS,
  );
  forgetting.unref();
  const consuming = await bus.consume({ consumer, types: Object.keys(handlers) as MessageType[], handle });
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(forgetting);
      await consuming[Symbol.asyncDispose]();
    },
  };
}
