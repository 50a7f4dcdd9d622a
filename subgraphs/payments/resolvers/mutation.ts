import { asPayload } from '#platform/refusal/refusal.ts';
import { refundPayment } from '../commands/refund-payment.ts';
import type { MutationResolvers } from './types.generated.ts';

export const Mutation = {
  refundPayment: (_, { input }, context) =>
    asPayload(
      async () => {
        const { paymentId, refundId } = await refundPayment(context, input);
        const { payment, refund } = context.loaders;
        return {
          payment: await payment.clear(paymentId).load(paymentId),
          refund: await refund.load(refundId),
        };
      },
      { payment: null, refund: null },
    ),
} satisfies MutationResolvers;
