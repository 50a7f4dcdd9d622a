import type { QueryResolvers } from './types.generated.ts';

export const Query = {
  payment: (_, { id }, { loaders }) => loaders.payment.load(id),
} satisfies QueryResolvers;
