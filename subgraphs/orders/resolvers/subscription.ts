import { requireStaff } from '#platform/auth/actor.ts';
import { badArgument, cursorExpired, notFound } from '#platform/server/errors/graphql-errors.ts';
import { toldWhereItBegins } from '#platform/server/streams/event-stream.ts';
import type { Context } from '../context.ts';
import { followAllOrders, followOrder, lastMove, type OrderMove } from '../streams/order-streams.ts';
import type { SubscriptionResolvers } from './types.generated.ts';

export const Subscription = {
  orderUpdated: {
    async subscribe(_, { orderId, after }, context) {
      const order = await context.loaders.order.load(orderId);
      if (order === null) throw notFound(`There is no order ${orderId}.`);
      const version = resumeAfter(context, after) ?? order.version - 1;
      if (version < 0 || version > order.version)
        throw badArgument('after', `after must be from 0 to the order's version, ${order.version}.`);
      return followOrder(context, order, version);
    },
    resolve: (move: OrderMove) => move,
  },
  ordersUpdated: {
    async subscribe(_, { after }, context) {
      requireStaff(context.actor);
      const position = resumeAfter(context, after);
      const last = await lastMove(context);
      if (position !== null && (position > last || position < last - REPLAYED_AT_MOST)) throw cursorExpired();
      if (position !== null) return followAllOrders(context, position);
      return toldWhereItBegins(last, followAllOrders(context, last));
    },
    resolve: (move: OrderMove) => move,
  },
} satisfies SubscriptionResolvers;

/** How far behind a stream over all orders may begin; who has missed more had better list the orders anew. */
const REPLAYED_AT_MOST = 100_000;

/** Where to go on: the cursor of a resumed stream says it later than the operation's own argument. */
function resumeAfter({ resumeAfter: cursor }: Context, after: number | null | undefined): number | null {
  const position = cursor === null ? (after ?? null) : Number(cursor);
  if (position !== null && (!Number.isSafeInteger(position) || position < 0))
    throw badArgument('after', 'after must be a version or position, 0 or more.');
  return position;
}
