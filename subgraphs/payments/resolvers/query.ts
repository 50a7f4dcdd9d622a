import type { QueryResolvers } from './types.generated.ts';

export const Query: QueryResolvers = {
  payment: (_, { id }, { loaders }) => loaders.payment.load(id),
};
