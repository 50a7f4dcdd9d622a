import { asPayload } from '#platform/refusal/refusal.ts';
import { cancelOrder } from '../commands/cancel-order.ts';
import { deliverOrder } from '../commands/deliver-order.ts';
import { fulfilOrder } from '../commands/fulfil-order.ts';
import { placeOrder } from '../commands/place-order.ts';
import { retryPayment } from '../commands/retry-payment.ts';
import type { Context } from '../context.ts';
import type { OrderRow } from '../db/tables.ts';
import { untilCaptured } from '../streams/until-captured.ts';
import type { MutationResolvers, OrderErrorCode } from './types.generated.ts';

export const Mutation = {
  placeOrder: (_, { input }, context) => payload(context, () => placeOrder(context, input)),
  cancelOrder: (_, { input }, context) => payload(context, () => cancelOrder(context, input)),
  fulfilOrder: (_, { input }, context) =>
    payload(context, async () => {
      const { orderId } = await fulfilOrder(context, input);
      await untilCaptured(context, orderId);
      return { orderId };
    }),
  deliverOrder: (_, { input }, context) => payload(context, () => deliverOrder(context, input)),
  retryPayment: (_, { input }, context) => payload(context, () => retryPayment(context, input)),
} satisfies MutationResolvers;

/** The order as the command left it, or why it was refused. */
function payload(context: Context, command: () => Promise<{ orderId: string }>) {
  return asPayload<{ order: OrderRow | null }, OrderErrorCode>(
    async () => {
      const { orderId } = await command();
      return { order: await context.loaders.order.clear(orderId).load(orderId) };
    },
    { order: null },
  );
}
