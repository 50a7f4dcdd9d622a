import { isStaff, requireUser } from '#platform/auth/actor.ts';
import { orderList } from '../loaders/order-list.ts';
import type { QueryResolvers } from './types.generated.ts';

export const Query = {
  order: (_, { id }, { loaders }) => loaders.order.load(id),

  orders(_, args, context) {
    const user = requireUser(context.actor);
    return orderList(context, isStaff(user) ? null : user.userId, args);
  },
} satisfies QueryResolvers;
