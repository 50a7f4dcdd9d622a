/**
 * Levels and their ledger. Every statement here that changes a level appends the movement that explains it. Rows are
 * locked by SKU, then by warehouse id, everywhere.
 */
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import { type StockLevelRow, stockLevels, variants, warehouses, type WarehouseRow } from './tables.ts';

/** Units of one variant in one warehouse, at most: the table's own check. */
export const ON_HAND_AT_MOST = 10_000_000;

export async function findWarehouses(db: Queryable): Promise<WarehouseRow[]> {
  return db.select().from(warehouses).orderBy(asc(warehouses.code));
}

export async function findWarehouseId(db: Queryable, code: string): Promise<string | null> {
  const [row] = await db.select({ id: warehouses.id }).from(warehouses).where(eq(warehouses.code, code));
  return row?.id ?? null;
}

/** One level for each of the variants in each of the warehouses, by warehouse code. */
export async function findStockLevels(
  db: Queryable,
  variantIds: readonly string[],
): Promise<StockLevelRow[]> {
  return db
    .select({
      variantId: variants.id,
      warehouse: warehouses,
      onHand: sql<number>`coalesce(${stockLevels.onHand}, 0)`,
      reserved: sql<number>`coalesce(${stockLevels.reserved}, 0)`,
    })
    .from(variants)
    .crossJoin(warehouses)
    .leftJoin(
      stockLevels,
      and(eq(stockLevels.variantId, variants.id), eq(stockLevels.warehouseId, warehouses.id)),
    )
    .where(inArray(variants.id, [...variantIds]))
    .orderBy(asc(variants.id), asc(warehouses.code));
}

export interface Taking {
  readonly orderId: string;
  readonly variantId: string;
  readonly quantity: number;
}

/**
 * Reserves all units asked for, or none: one conditional UPDATE over the variant's warehouses. The fullest warehouse
 * gives first, so that the whole comes from one warehouse wherever one has it.
 *
 * Reads under READ COMMITTED would let two shoppers see the same free unit. The levels are therefore locked before they
 * are read, which waits for whoever is at them and then sees what is left. And the row is written from what was read so,
 * both columns: PostgreSQL checks constraints on the row as of the statement's beginning before it notices a newer one,
 * so that adding to the old `reserved` would fail where units were given back meanwhile.
 * @returns whether the units were taken, and how many were free.
 */
export async function takeUnits(
  tx: Transaction,
  { orderId, variantId, quantity }: Taking,
): Promise<{ taken: boolean; available: number }> {
  const { rows } = await tx.execute<{ available: string; taken: string }>(sql`
    with level as materialized (
      select warehouse_id, on_hand, reserved, (on_hand - reserved)::bigint as free
      from stock_levels where variant_id = ${variantId} order by warehouse_id for update
    ), share as (
      select
        level.*,
        sum(free) over () as available,
        ${quantity}::bigint - coalesce(sum(free) over (
          order by free desc, warehouse_id rows between unbounded preceding and 1 preceding
        ), 0) as wanted
      from level
    ), taken as (
      update stock_levels
      set on_hand = share.on_hand, reserved = share.reserved + least(share.free, share.wanted)::integer
      from share
      where stock_levels.variant_id = ${variantId} and stock_levels.warehouse_id = share.warehouse_id
        and share.available >= ${quantity}::bigint and share.free > 0 and share.wanted > 0
      returning stock_levels.warehouse_id, least(share.free, share.wanted)::integer as quantity
    ), held as (
      insert into reservation_units (order_id, variant_id, warehouse_id, quantity)
      select ${orderId}::uuid, ${variantId}::uuid, warehouse_id, quantity from taken
    ), ledger as (
      insert into stock_movements (variant_id, warehouse_id, kind, on_hand_delta, reserved_delta, order_id)
      select ${variantId}::uuid, warehouse_id, 'RESERVED', 0, quantity, ${orderId}::uuid from taken order by warehouse_id
    )
    select
      (select coalesce(sum(free), 0) from level) as available,
      (select coalesce(sum(quantity), 0) from taken) as taken`);
  const [row] = rows;
  if (row === undefined) throw new Error('An aggregate gives one row.');
  return { taken: Number(row.taken) === quantity, available: Number(row.available) };
}

/** RELEASED: the order's units are free again. SHIPPED: they have left the warehouse. The caller makes sure they are held. */
export async function giveUpUnits(
  tx: Transaction,
  orderId: string,
  kind: 'RELEASED' | 'SHIPPED',
): Promise<void> {
  const leaving = kind === 'SHIPPED' ? 1 : 0;
  await tx.execute(sql`
    with level as materialized (
      select unit.variant_id, unit.warehouse_id, unit.quantity
      from reservation_units unit
        join variants variant on variant.id = unit.variant_id
        join stock_levels level on level.variant_id = unit.variant_id and level.warehouse_id = unit.warehouse_id
      where unit.order_id = ${orderId}
      order by variant.sku, unit.warehouse_id
      for update of level
    ), moved as (
      update stock_levels
      set on_hand = stock_levels.on_hand - ${leaving}::integer * level.quantity, reserved = stock_levels.reserved - level.quantity
      from level
      where stock_levels.variant_id = level.variant_id and stock_levels.warehouse_id = level.warehouse_id
      returning stock_levels.variant_id, stock_levels.warehouse_id, level.quantity
    )
    insert into stock_movements (variant_id, warehouse_id, kind, on_hand_delta, reserved_delta, order_id)
    select variant_id, warehouse_id, ${kind}, -${leaving}::integer * quantity, -quantity, ${orderId}::uuid from moved`);
}

export interface Adjustment {
  readonly variantId: string;
  readonly warehouseId: string;
  readonly delta: number;
  readonly actorId: string;
  readonly reason: string | null;
}

/** Moves what is on hand. False, and nothing moved, where it would fall below what is reserved or rise above the most. */
export async function adjustOnHand(tx: Transaction, adjustment: Adjustment): Promise<boolean> {
  const { variantId, warehouseId, delta, actorId, reason } = adjustment;
  await tx
    .insert(stockLevels)
    .values({ variantId, warehouseId, onHand: 0, reserved: 0 })
    .onConflictDoNothing();
  const { rows } = await tx.execute(sql`
    with moved as (
      update stock_levels set on_hand = on_hand + ${delta}::integer
      where variant_id = ${variantId} and warehouse_id = ${warehouseId}
        and on_hand + ${delta}::bigint between reserved and ${ON_HAND_AT_MOST}::bigint
      returning variant_id, warehouse_id
    )
    insert into stock_movements (variant_id, warehouse_id, kind, on_hand_delta, reserved_delta, actor_id, reason)
    select variant_id, warehouse_id, 'ADJUSTED', ${delta}::integer, 0, ${actorId}::uuid, ${reason}::text from moved
    returning id`);
  return rows.length > 0;
}

export interface Receipt {
  readonly variantId: string;
  readonly warehouseId: string;
  /** Units; 0 opens a level with nothing in it. */
  readonly quantity: number;
}

/** Puts units that came in on the shelves. One statement, however many; no variant twice in a warehouse. */
export async function receiveUnits(
  tx: Transaction,
  receipts: readonly Receipt[],
  reason: string,
): Promise<void> {
  const rows = receipts.map(({ variantId, warehouseId, quantity }) => ({
    variant_id: variantId,
    warehouse_id: warehouseId,
    quantity,
  }));
  await tx.execute(sql`
    with receipt as (
      select variant_id, warehouse_id, quantity
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as row (variant_id uuid, warehouse_id uuid, quantity integer)
    ), moved as (
      insert into stock_levels (variant_id, warehouse_id, on_hand, reserved)
      select receipt.variant_id, warehouse_id, quantity, 0
      from receipt join variants variant on variant.id = receipt.variant_id order by variant.sku, warehouse_id
      on conflict (variant_id, warehouse_id) do update set on_hand = stock_levels.on_hand + excluded.on_hand
    )
    insert into stock_movements (variant_id, warehouse_id, kind, on_hand_delta, reserved_delta, reason)
    select variant_id, warehouse_id, 'RECEIVED', quantity, 0, ${reason} from receipt where quantity > 0`);
}
