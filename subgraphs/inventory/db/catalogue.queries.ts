import { and, asc, eq, inArray, lte, max, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { uuidv7 } from 'uuidv7';
import type { Money } from '#platform/money/money.ts';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import type { PriceVersion } from '../domain/price.ts';
import type { Offer } from '../domain/reservation.ts';
import { type ProductRow, products, variantPrices, type VariantRow, variants } from './tables.ts';

type OfferedVariant = Omit<Offer, 'price'>;

/** What a list or a reference of products reads: not the search columns. */
export const productColumns = { id: products.id, name: products.name, description: products.description };

export async function findProducts(db: Queryable, ids: readonly string[]): Promise<ProductRow[]> {
  return db
    .select(productColumns)
    .from(products)
    .where(inArray(products.id, [...ids]));
}

export async function findVariants(db: Queryable, ids: readonly string[]): Promise<VariantRow[]> {
  return db
    .select()
    .from(variants)
    .where(inArray(variants.id, [...ids]));
}

export async function findVariantsBySku(db: Queryable, skus: readonly string[]): Promise<VariantRow[]> {
  return db
    .select()
    .from(variants)
    .where(inArray(variants.sku, [...skus]));
}

/** Each product's in their order. */
export async function findVariantsOfProducts(
  db: Queryable,
  productIds: readonly string[],
): Promise<VariantRow[]> {
  return db
    .select()
    .from(variants)
    .where(inArray(variants.productId, [...productIds]))
    .orderBy(asc(variants.productId), asc(variants.position));
}

/** By SKU, with the name as it is now; what does not exist is not in it. */
export async function findOffers(
  db: Queryable,
  skus: readonly string[],
): Promise<Map<string, OfferedVariant>> {
  const rows = await db
    .select({
      variantId: variants.id,
      sku: variants.sku,
      productName: products.name,
      variantName: variants.name,
    })
    .from(variants)
    .innerJoin(products, eq(products.id, variants.productId))
    .where(inArray(variants.sku, [...skus]));
  return new Map(rows.map((offer) => [offer.sku, offer]));
}

/**
 * Each variant's prices since a moment, that of the moment included, in the order they were set in; at least one. That is
 * not the order of their times where a clock has been put back: what was set later counts.
 */
export async function findPricesSince(
  db: Queryable,
  variantIds: readonly string[],
  since: Date,
): Promise<Map<string, PriceVersion[]>> {
  const before = alias(variantPrices, 'before');
  const atThatTime = db
    .select({ id: max(before.id) })
    .from(before)
    .where(and(eq(before.variantId, variantPrices.variantId), lte(before.validFrom, since)));
  const rows = await db
    .select()
    .from(variantPrices)
    .where(
      and(
        inArray(variantPrices.variantId, [...variantIds]),
        sql`${variantPrices.id} >= coalesce((${atThatTime}), 0)`,
      ),
    )
    .orderBy(asc(variantPrices.id));
  const prices = new Map<string, PriceVersion[]>();
  for (const { variantId, priceMinor: minor, currencyCode, validFrom } of rows) {
    const version = { price: { minor, currencyCode }, validFrom };
    prices.set(variantId, [...(prices.get(variantId) ?? []), version]);
  }
  return prices;
}

export interface NewProduct {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly variants: readonly { readonly sku: string; readonly name: string; readonly price: Money }[];
}

/**
 * Stores products with their variants, no units of them. Returns the variants stored: one whose SKU is taken is left
 * out, and it is for the caller to refuse then.
 */
export async function insertProducts(tx: Transaction, created: readonly NewProduct[]): Promise<VariantRow[]> {
  await tx.insert(products).values(
    created.map(({ id, name, description, variants: its }) => ({
      id,
      name,
      description,
      variantTerms: its.map((variant) => `${variant.name} ${variant.sku}`).join(' '),
    })),
  );
  const rows = created.flatMap((product) =>
    product.variants.map(({ sku, name, price }, position) => ({
      id: uuidv7(),
      productId: product.id,
      position,
      sku,
      name,
      priceMinor: price.minor,
      currencyCode: price.currencyCode,
    })),
  );
  // In one order everywhere: two transactions that want the same SKUs then wait for each other and never both.
  rows.sort((a, b) => (a.sku < b.sku ? -1 : 1));
  return tx.insert(variants).values(rows).onConflictDoNothing({ target: variants.sku }).returning();
}

/** Null where there is no such SKU. */
export async function updatePrice(
  db: Queryable,
  sku: string,
  { minor, currencyCode }: Money,
): Promise<VariantRow | null> {
  const [changed] = await db
    .update(variants)
    .set({ priceMinor: minor, currencyCode })
    .where(eq(variants.sku, sku))
    .returning();
  return changed ?? null;
}
