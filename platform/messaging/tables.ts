import { bigint, integer, jsonb, pgSchema, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { Message } from '#schema/messages.ts';

const messaging = pgSchema('messaging');

export const outbox = messaging.table('outbox', {
  position: bigint('position', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  id: uuid('id').notNull(),
  type: text('type').notNull(),
  key: text('key').notNull(),
  payload: jsonb('payload').$type<Message['payload']>().notNull(),
  occurredAt: timestamp('occurred_at', { withTimezone: true, mode: 'date' }).notNull(),
});

export const inbox = messaging.table('inbox', {
  messageId: uuid('message_id').primaryKey(),
  handledAt: timestamp('handled_at', { withTimezone: true, mode: 'date' }).notNull().defaultNow(),
});

export const deadLetters = messaging.table('dead_letters', {
  messageId: uuid('message_id').primaryKey(),
  type: text('type').notNull(),
  key: text('key').notNull(),
  message: jsonb('message').$type<Message>().notNull(),
  error: text('error').notNull(),
  attempts: integer('attempts').notNull(),
  diedAt: timestamp('died_at', { withTimezone: true, mode: 'date' }).notNull().defaultNow(),
});
