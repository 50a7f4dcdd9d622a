import {
  bigint,
  customType,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import type { ReservationStatus, StockAnswer } from '../domain/reservation.ts';

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const tsvector = customType<{ data: string }>({ dataType: () => 'tsvector' });

export const warehouses = pgTable('warehouses', {
  id: uuid('id').primaryKey(),
  code: text('code').notNull(),
  name: text('name').notNull(),
});

export const products = pgTable('products', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  description: text('description').notNull(),
  variantTerms: text('variant_terms').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  searchVector: tsvector('search_vector').notNull().generatedAlwaysAs(''),
  searchText: text('search_text').notNull().generatedAlwaysAs(''),
});

export const variants = pgTable('variants', {
  id: uuid('id').primaryKey(),
  productId: uuid('product_id').notNull(),
  position: integer('position').notNull(),
  sku: text('sku').notNull(),
  name: text('name').notNull(),
  priceMinor: bigint('price_minor', { mode: 'bigint' }).notNull(),
  currencyCode: text('currency_code').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
});

/** Written by a trigger on `variants`. */
export const variantPrices = pgTable('variant_prices', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  variantId: uuid('variant_id').notNull(),
  priceMinor: bigint('price_minor', { mode: 'bigint' }).notNull(),
  currencyCode: text('currency_code').notNull(),
  validFrom: instant('valid_from').notNull(),
});

export const stockLevels = pgTable(
  'stock_levels',
  {
    variantId: uuid('variant_id').notNull(),
    warehouseId: uuid('warehouse_id').notNull(),
    onHand: integer('on_hand').notNull(),
    reserved: integer('reserved').notNull(),
  },
  (table) => [primaryKey({ columns: [table.variantId, table.warehouseId] })],
);

export const reservations = pgTable('reservations', {
  orderId: uuid('order_id').primaryKey(),
  status: text('status').$type<ReservationStatus>().notNull(),
  answer: jsonb('answer').$type<StockAnswer>(),
  createdAt: instant('created_at').notNull().defaultNow(),
  changedAt: instant('changed_at').notNull().defaultNow(),
});

export const reservationUnits = pgTable(
  'reservation_units',
  {
    orderId: uuid('order_id').notNull(),
    variantId: uuid('variant_id').notNull(),
    warehouseId: uuid('warehouse_id').notNull(),
    quantity: integer('quantity').notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.variantId, table.warehouseId] })],
);

export const stockMovements = pgTable('stock_movements', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  variantId: uuid('variant_id').notNull(),
  warehouseId: uuid('warehouse_id').notNull(),
  kind: text('kind').$type<'RECEIVED' | 'ADJUSTED' | 'RESERVED' | 'RELEASED' | 'SHIPPED'>().notNull(),
  onHandDelta: integer('on_hand_delta').notNull(),
  reservedDelta: integer('reserved_delta').notNull(),
  orderId: uuid('order_id'),
  actorId: uuid('actor_id'),
  reason: text('reason'),
  occurredAt: instant('occurred_at').notNull().defaultNow(),
});

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    actorId: uuid('actor_id').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    resultId: uuid('result_id').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.actorId, table.key] })],
);

export type WarehouseRow = typeof warehouses.$inferSelect;
export type ProductRow = Pick<typeof products.$inferSelect, 'id' | 'name' | 'description'>;
export type VariantRow = typeof variants.$inferSelect;
/** A level with its warehouse. */
export type StockLevelRow = Pick<typeof stockLevels.$inferSelect, 'variantId' | 'onHand' | 'reserved'> & {
  readonly warehouse: WarehouseRow;
};
