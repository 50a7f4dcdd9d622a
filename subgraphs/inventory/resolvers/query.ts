import { isStaff } from '#platform/auth/actor.ts';
import { findWarehouses } from '../db/stock.queries.ts';
import { productList } from './product-list.ts';
import type { QueryResolvers } from './types.generated.ts';

export const Query = {
  product: (_, { id }, { loaders }) => loaders.product.load(id),
  products: (_, args, context) => productList(context, args),
  variant: (_, { sku }, { loaders }) => loaders.variantBySku.load(sku),
  warehouses: (_, __, { database, actor }) => (isStaff(actor) ? findWarehouses(database.db) : []),
} satisfies QueryResolvers;
