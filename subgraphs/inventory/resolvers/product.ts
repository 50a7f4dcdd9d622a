import { countMatches, countProducts } from '../db/product-list.queries.ts';
import type { ProductConnectionResolvers, ProductResolvers } from './types.generated.ts';

export const Product: ProductResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.product.load(id),
  variants: ({ id }, _, { loaders }) => loaders.variantsOfProduct.load(id),
};

export const ProductConnection: ProductConnectionResolvers = {
  totalCount: ({ search }, _, { database }) =>
    search === null ? countProducts(database.db) : countMatches(database, search),
};
