import type { UserResolvers } from './types.generated.ts';

export const User = {
  __resolveReference: ({ id }, { loaders }) => loaders.user.load(id),
  addresses: ({ id }, _, { loaders }) => loaders.addressesOf.load(id),
} satisfies UserResolvers;
