import { countMatches, countProducts } from '../db/product-list.queries.ts';
import type { ProductConnectionResolvers, ProductResolvers } from './types.generated.ts';

export const Product = {
  __resolveReference: ({ id }, { loaders }) => loaders.product.load(id),
  variants: ({ id }, _, { loaders }) => loaders.variantsOfProduct.load(id),
} satisfies ProductResolvers;

export const ProductConnection = {
  totalCount: ({ search }, _, { database }) =>
    search === null ? countProducts(database.db) : countMatches(database, search),
} satisfies ProductConnectionResolvers;
