import { bigint, integer, jsonb, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type { OrderStatus, Reason } from '../domain/order.ts';

export interface ShippingAddress {
  readonly name: string;
  readonly line1: string;
  readonly line2: string | null;
  readonly city: string;
  readonly region: string | null;
  readonly postalCode: string;
  readonly countryCode: string;
}

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const orders = pgTable('orders', {
  id: uuid('id').primaryKey(),
  number: bigint('number', { mode: 'number' }).generatedAlwaysAsIdentity(),
  customerId: uuid('customer_id').notNull(),
  status: text('status').$type<OrderStatus>().notNull(),
  version: integer('version').notNull(),
  reason: text('reason').$type<Reason>(),
  reasonDetail: text('reason_detail'),
  currencyCode: text('currency_code'),
  totalMinor: bigint('total_minor', { mode: 'bigint' }),
  expectedCurrencyCode: text('expected_currency_code'),
  expectedTotalMinor: bigint('expected_total_minor', { mode: 'bigint' }),
  paymentMethod: text('payment_method'),
  paymentAttempt: integer('payment_attempt').notNull().default(1),
  shippingAddress: jsonb('shipping_address').$type<ShippingAddress>().notNull(),
  carrier: text('carrier'),
  trackingNumber: text('tracking_number'),
  shippedAt: instant('shipped_at'),
  deliveredAt: instant('delivered_at'),
  createdAt: instant('created_at').notNull(),
});

export const orderLines = pgTable(
  'order_lines',
  {
    orderId: uuid('order_id').notNull(),
    line: integer('line').notNull(),
    sku: text('sku').notNull(),
    quantity: integer('quantity').notNull(),
    name: text('name'),
    unitPriceMinor: bigint('unit_price_minor', { mode: 'bigint' }),
    expectedPriceMinor: bigint('expected_price_minor', { mode: 'bigint' }),
    expectedCurrencyCode: text('expected_currency_code'),
    offeredPriceMinor: bigint('offered_price_minor', { mode: 'bigint' }),
    offeredCurrencyCode: text('offered_currency_code'),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.line] })],
);

export const orderEvents = pgTable(
  'order_events',
  {
    orderId: uuid('order_id').notNull(),
    version: integer('version').notNull(),
    status: text('status').$type<OrderStatus>().notNull(),
    reason: text('reason').$type<Reason>(),
    reasonDetail: text('reason_detail'),
    actorId: uuid('actor_id'),
    occurredAt: instant('occurred_at').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).generatedAlwaysAsIdentity(),
    position: bigint('position', { mode: 'number' }),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.version] })],
);

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    customerId: uuid('customer_id').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    orderId: uuid('order_id').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.customerId, table.key] })],
);

export type OrderRow = typeof orders.$inferSelect;
export type OrderLineRow = typeof orderLines.$inferSelect;
export type OrderEventRow = typeof orderEvents.$inferSelect;
