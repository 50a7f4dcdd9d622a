import { sql } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import { fromDecimal } from '#platform/money/money.ts';
import type { Database } from '#platform/postgres/database.ts';
import { findVariantsBySku, insertProducts, type NewProduct } from '../db/catalogue.queries.ts';
import { findWarehouses, receiveUnits } from '../db/stock.queries.ts';
import { warehouses } from '../db/tables.ts';
import { CATALOGUE, CURRENCY_CODE, WAREHOUSES } from './catalogue.ts';

const SEED_LOCK = 7_216_101;

/**
 * Puts the catalogue of seed-catalogue.ts, and its opening stock, into a migrated database. What is there already stays
 * as it is, quantities above all: only products none of whose SKUs exist are added. Safe to run beside itself.
 */
export async function seedInventory({ db }: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${SEED_LOCK})`);
    await tx
      .insert(warehouses)
      .values(WAREHOUSES.map(({ code, name }) => ({ id: uuidv7(), code, name })))
      .onConflictDoNothing({ target: warehouses.code });

    const skus = CATALOGUE.flatMap((product) => product.variants.map(({ sku }) => sku));
    const existing = new Set((await findVariantsBySku(tx, skus)).map(({ sku }) => sku));
    const missing = CATALOGUE.filter(({ variants }) => !variants.some(({ sku }) => existing.has(sku)));
    if (missing.length === 0) return;

    const stored = await insertProducts(
      tx,
      missing.map(
        ({ name, description, variants }): NewProduct => ({
          id: uuidv7(),
          name,
          description,
          variants: variants.map(({ sku, name: variantName, price }) => ({
            sku,
            name: variantName,
            price: pounds(price),
          })),
        }),
      ),
    );
    const idOfVariant = new Map(stored.map(({ sku, id }) => [sku, id]));
    const idOfWarehouse = new Map((await findWarehouses(tx)).map(({ code, id }) => [code, id]));
    const receipts = missing
      .flatMap(({ variants }) => variants)
      .flatMap(({ sku, stock }) =>
        Object.entries(stock).map(([code, quantity]) => ({
          variantId: found(idOfVariant, sku),
          warehouseId: found(idOfWarehouse, code),
          quantity,
        })),
      );
    await receiveUnits(tx, receipts, 'opening stock');
  });
}

function pounds(amount: string) {
  const price = fromDecimal({ amount, currencyCode: CURRENCY_CODE });
  if (price === null) throw new Error(`${amount} is no amount of ${CURRENCY_CODE}.`);
  return price;
}

function found(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`The seed has stored no ${name}.`);
  return id;
}
