import DataLoader from 'dataloader';
import type { Queryable } from '#platform/postgres/database.ts';
import { isStorable } from '#platform/input/text.ts';
import { isUuid } from '#platform/postgres/is-uuid.ts';
import {
  findProducts,
  findVariants,
  findVariantsBySku,
  findVariantsOfProducts,
} from '../db/catalogue.queries.ts';
import { findStockLevels, findWarehouses } from '../db/stock.queries.ts';
import type { VariantRow } from '../db/tables.ts';

/** Batches the reads of one request. All of it is public: the catalogue is open to everybody. */
export function createLoaders(db: Queryable) {
  return {
    product: byUuid((ids) => findProducts(db, ids)),
    variant: byUuid((ids) => findVariants(db, ids)),
    variantBySku: new DataLoader<string, VariantRow | null>(async (skus) => {
      const found = new Map(
        (await findVariantsBySku(db, inCapitals(skus))).map((variant) => [variant.sku, variant]),
      );
      return skus.map((sku) => found.get(sku.toUpperCase()) ?? null);
    }),
    variantsOfProduct: new DataLoader(async (productIds: readonly string[]) => {
      const byProduct = Map.groupBy(
        await findVariantsOfProducts(db, productIds),
        (variant) => variant.productId,
      );
      return productIds.map((id) => byProduct.get(id) ?? []);
    }),
    /** One level for each warehouse. */
    stockLevels: new DataLoader(async (variantIds: readonly string[]) => {
      const byVariant = Map.groupBy(await findStockLevels(db, variantIds), (level) => level.variantId);
      return variantIds.map((id) => byVariant.get(id) ?? []);
    }),
    warehouses: () => findWarehouses(db),
  };
}

/** SKUs are written in capitals: however a client writes one, it is the same. */
const inCapitals = (skus: readonly string[]) => [
  ...new Set(skus.filter(isStorable).map((sku) => sku.toUpperCase())),
];

export type Loaders = ReturnType<typeof createLoaders>;

/** By ids that clients give: null for one that is unknown, or no id at all. */
function byUuid<Row extends { readonly id: string }>(find: (ids: readonly string[]) => Promise<Row[]>) {
  return new DataLoader<string, Row | null>(async (ids) => {
    const found = new Map((await find(ids.filter(isUuid))).map((row) => [row.id, row]));
    return ids.map((id) => found.get(id.toLowerCase()) ?? null);
  });
}
