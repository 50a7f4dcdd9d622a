import { requireStaff } from '#platform/auth/actor.ts';
import { paymentList } from '../loaders/payment-list.ts';
import type { QueryResolvers } from './types.generated.ts';

export const Query = {
  payment: (_, { id }, { loaders }) => loaders.payment.load(id),

  payments(_, args, context) {
    requireStaff(context.actor);
    return paymentList(context, args);
  },
} satisfies QueryResolvers;
