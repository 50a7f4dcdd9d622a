import { asPayload } from '#platform/errors/refusal.ts';
import { cancelOrder } from '../commands/cancel-order.ts';
import { deliverOrder } from '../commands/deliver-order.ts';
import { fulfilOrder } from '../commands/fulfil-order.ts';
import { placeOrder } from '../commands/place-order.ts';
import type { Context } from '../context.ts';
import type { OrderRow } from '../db/tables.ts';
import type { MutationResolvers, OrderErrorCode } from './types.generated.ts';

export const Mutation = {
  placeOrder: (_, { input }, context) => payload(context, () => placeOrder(context, input)),
  cancelOrder: (_, { input }, context) => payload(context, () => cancelOrder(context, input)),
  fulfilOrder: (_, { input }, context) => payload(context, () => fulfilOrder(context, input)),
  deliverOrder: (_, { input }, context) => payload(context, () => deliverOrder(context, input)),
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
