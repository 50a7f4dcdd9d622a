import { scalars } from '#platform/server/schema/scalars.ts';
import { Mutation } from './mutation.ts';
import { Product, ProductConnection } from './product.ts';
import { Query } from './query.ts';
import type { Resolvers } from './types.generated.ts';
import { Variant } from './variant.ts';

const { CurrencyCode, Decimal } = scalars;

export const resolvers = {
  CurrencyCode,
  Decimal,
  Mutation,
  Product,
  ProductConnection,
  Query,
  Variant,
} satisfies Resolvers;
