import type { QueryResolvers } from './types.generated.ts';

export const Query = {
  me: (_, __, { actor, loaders }) => (actor.kind === 'user' ? loaders.user.load(actor.userId) : null),
  user: (_, { id }, { loaders }) => loaders.user.load(id),
} satisfies QueryResolvers;
