import { customType, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { Role } from '#platform/auth/actor.ts';
import type { EndReason } from '../domain/session.ts';

const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' });
const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const users = pgTable('users', {
  id: uuid('id').primaryKey(),
  email: text('email').notNull(),
  name: text('name').notNull(),
  passwordHash: text('password_hash').notNull(),
  roles: text('roles').array().$type<Role[]>().notNull(),
  createdAt: moment('created_at').notNull(),
  /** From then on it can do nothing, and has no session; null for an account in good standing. */
  disabledAt: moment('disabled_at'),
});
export type UserRow = typeof users.$inferSelect;

export const addresses = pgTable('addresses', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  name: text('name').notNull(),
  line1: text('line1').notNull(),
  line2: text('line2'),
  city: text('city').notNull(),
  region: text('region'),
  postalCode: text('postal_code').notNull(),
  countryCode: text('country_code').notNull(),
});
export type AddressRow = typeof addresses.$inferSelect;

export const sessions = pgTable('sessions', {
  id: uuid('id').primaryKey(),
  userId: uuid('user_id').notNull(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
  endedAt: moment('ended_at'),
  endedBecause: text('ended_because').$type<EndReason>(),
});
export type SessionRow = typeof sessions.$inferSelect;

export const refreshTokens = pgTable('refresh_tokens', {
  hash: bytea('hash').primaryKey(),
  sessionId: uuid('session_id').notNull(),
  createdAt: moment('created_at').notNull(),
  expiresAt: moment('expires_at').notNull(),
  usedAt: moment('used_at'),
  predecessorHash: bytea('predecessor_hash'),
  sealedForPredecessor: bytea('sealed_for_predecessor'),
});
export type RefreshTokenRow = typeof refreshTokens.$inferSelect;

export const knownOrigins = pgTable('known_origins', {
  userId: uuid('user_id').notNull(),
  origin: bytea('origin').notNull(),
  lastSeenAt: moment('last_seen_at').notNull(),
});

export const passwordAttempts = pgTable('password_attempts', {
  account: bytea('account').primaryKey(),
  attempts: integer('attempts').notNull(),
  windowEndsAt: moment('window_ends_at').notNull(),
});
