import { asc, eq, inArray } from 'drizzle-orm';
import { uuidv7 } from 'uuidv7';
import type { Money } from '#platform/money/money.ts';
import type { Queryable, Transaction } from '#platform/postgres/database.ts';
import type { Offer } from '../domain/reservation.ts';
import { type ProductRow, products, type VariantRow, variants } from './tables.ts';

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

/** Names and prices as they are now, by SKU; what does not exist is not in it. */
export async function findOffers(db: Queryable, skus: readonly string[]): Promise<Map<string, Offer>> {
  const rows = await db
    .select({
      variantId: variants.id,
      sku: variants.sku,
      productName: products.name,
      variantName: variants.name,
      priceMinor: variants.priceMinor,
      currencyCode: variants.currencyCode,
    })
    .from(variants)
    .innerJoin(products, eq(products.id, variants.productId))
    .where(inArray(variants.sku, [...skus]));
  return new Map(
    rows.map(({ priceMinor, currencyCode, ...offer }) => [
      offer.sku,
      { ...offer, price: { minor: priceMinor, currencyCode } },
    ]),
  );
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
