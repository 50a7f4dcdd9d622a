import { isStaff } from '#platform/auth/actor.ts';
import { productList } from '../loaders/product-list.ts';
import type { QueryResolvers } from './types.generated.ts';

export const Query = {
  product: (_, { id }, { loaders }) => loaders.product.load(id),
  products: (_, args, context) => productList(context, args),
  variant: (_, { sku }, { loaders }) => loaders.variantBySku.load(sku),
  warehouses: (_, __, { loaders, actor }) => (isStaff(actor) ? loaders.warehouses() : []),
} satisfies QueryResolvers;
