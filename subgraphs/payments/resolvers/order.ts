import type { OrderResolvers } from './types.generated.ts';

export const Order = {
  // Any order: what there is to see of it here is its payment, which the loader shows to those who may see it.
  __resolveReference: ({ id }) => ({ id }),
  payment: ({ id }, _, { loaders }) => loaders.paymentOfOrder.load(id),
} satisfies OrderResolvers;
