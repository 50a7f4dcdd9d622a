import { bigint, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import type {
  DeclineCode,
  OperationKind,
  PaymentStatus,
  TransactionKind,
  TransactionStatus,
} from '../domain/payment.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const minor = (name: string) => bigint(name, { mode: 'bigint' });

export const payments = pgTable('payments', {
  id: uuid('id').primaryKey(),
  orderId: uuid('order_id').notNull().unique(),
  customerId: uuid('customer_id').notNull(),
  amountMinor: minor('amount_minor').notNull(),
  currencyCode: text('currency_code').notNull(),
  paymentMethod: text('payment_method').notNull(),
  status: text('status').$type<PaymentStatus>().notNull(),
  declineCode: text('decline_code').$type<DeclineCode>(),
  declineMessage: text('decline_message'),
  capturedMinor: minor('captured_minor').notNull().default(0n),
  refundingMinor: minor('refunding_minor').notNull().default(0n),
  refundedMinor: minor('refunded_minor').notNull().default(0n),
  attempt: integer('attempt').notNull().default(1),
  captureFailure: text('capture_failure'),
  holdEndsAt: instant('hold_ends_at'),
  createdAt: instant('created_at').notNull().defaultNow(),
});

export const voidedOrders = pgTable('voided_orders', {
  orderId: uuid('order_id').primaryKey(),
  voidedAt: instant('voided_at').notNull().defaultNow(),
});

export const refunds = pgTable('refunds', {
  id: uuid('id').primaryKey(),
  paymentId: uuid('payment_id').notNull(),
  amountMinor: minor('amount_minor').notNull(),
  currencyCode: text('currency_code').notNull(),
  status: text('status').$type<TransactionStatus>().notNull().default('PENDING'),
  reason: text('reason'),
  requestedBy: uuid('requested_by').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

export const paymentOperations = pgTable('payment_operations', {
  id: uuid('id').primaryKey(),
  position: bigint('position', { mode: 'bigint' }).generatedAlwaysAsIdentity(),
  paymentId: uuid('payment_id').notNull(),
  kind: text('kind').$type<OperationKind>().notNull(),
  amountMinor: minor('amount_minor').notNull(),
  refundId: uuid('refund_id'),
  attempt: integer('attempt').notNull().default(1),
  idempotencyKey: text('idempotency_key').notNull().unique(),
  state: text('state').$type<'OPEN' | 'SUCCEEDED' | 'FAILED'>().notNull().default('OPEN'),
  attempts: integer('attempts').notNull().default(0),
  nextAttemptAt: instant('next_attempt_at').notNull().defaultNow(),
  deadlineAt: instant('deadline_at'),
  leasedBy: uuid('leased_by'),
  leasedUntil: instant('leased_until'),
});

export const paymentTransactions = pgTable('payment_transactions', {
  position: bigint('position', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  paymentId: uuid('payment_id').notNull(),
  operationId: uuid('operation_id').notNull(),
  kind: text('kind').$type<TransactionKind>().notNull(),
  amountMinor: minor('amount_minor').notNull(),
  currencyCode: text('currency_code').notNull(),
  status: text('status').$type<TransactionStatus>().notNull(),
  detail: text('detail'),
  at: instant('at').notNull().defaultNow(),
});

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    actorId: uuid('actor_id').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    refundId: uuid('refund_id').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.actorId, table.key] })],
);

export type PaymentRow = typeof payments.$inferSelect;
export type RefundRow = typeof refunds.$inferSelect;
export type OperationRow = typeof paymentOperations.$inferSelect;
export type TransactionRow = typeof paymentTransactions.$inferSelect;
