import { productCount } from '../loaders/product-list.ts';
import type { ProductConnectionResolvers, ProductResolvers } from './types.generated.ts';

export const Product = {
  __resolveReference: ({ id }, { loaders }) => loaders.product.load(id),
  variants: ({ id }, _, { loaders }) => loaders.variantsOfProduct.load(id),
} satisfies ProductResolvers;

export const ProductConnection = {
  totalCount: ({ search }, _, context) => productCount(context, search),
} satisfies ProductConnectionResolvers;
