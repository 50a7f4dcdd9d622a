import { isStaff, mayReadOf } from '#platform/auth/actor.ts';
import { notFound } from '#platform/server/errors/graphql-errors.ts';
import { type Money, sum, times, toDecimal } from '#platform/money/money.ts';
import { offerOf, toMoney } from '../db/order-row.ts';
import { actionsOn, type PricedLine } from '../domain/order.ts';
import { orderList } from '../loaders/order-list.ts';
import type {
  OrderConnectionResolvers,
  OrderLineResolvers,
  OrderResolvers,
  OrderUpdateResolvers,
  UserResolvers,
} from './types.generated.ts';

export const Order = {
  __resolveReference: ({ id }, { loaders }) => loaders.order.load(id),
  number: ({ number }) => `OG-${number}`,
  total: ({ totalMinor, currencyCode }) => decimalOrNull(totalMinor, currencyCode),
  async lines({ id, currencyCode }, _, { loaders }) {
    return (await loaders.lines.load(id)).map((line) => ({ ...line, currencyCode }));
  },
  async priceChange({ id, reason, expectedTotalMinor, expectedCurrencyCode }, _, { loaders }) {
    if (reason !== 'PRICE_CHANGED') return null;
    const offer = offerOf(await loaders.lines.load(id));
    return offer === null ? null : toPriceChange(offer, toMoney(expectedTotalMinor, expectedCurrencyCode));
  },
  customer: ({ customerId }) => ({ id: customerId }),
  shipment: ({ carrier, trackingNumber, shippedAt, deliveredAt }) =>
    carrier !== null && trackingNumber !== null && shippedAt !== null
      ? { carrier, trackingNumber, shippedAt, deliveredAt }
      : null,
  events: ({ id }, _, { loaders }) => loaders.events.load(id),
  actions: ({ status }, _, { actor }) => actionsOn(status, isStaff(actor) ? 'STAFF' : 'CUSTOMER'),
} satisfies OrderResolvers;

export const OrderLine = {
  unitPrice: ({ unitPriceMinor, currencyCode }) => decimalOrNull(unitPriceMinor, currencyCode),
  variant: ({ sku }) => ({ sku }),
} satisfies OrderLineResolvers;

export const OrderUpdate = {
  version: ({ event }) => event.version,
  status: ({ event }) => event.status,
  occurredAt: ({ event }) => event.occurredAt,
  reason: ({ event }) => event.reason,
  reasonDetail: ({ event }) => event.reasonDetail,
  position: ({ event }) => event.position,
  async order({ event }, _, { loaders }) {
    const order = await loaders.order.load(event.orderId);
    if (order === null) throw notFound(`Order ${event.orderId} is no longer yours to see.`);
    return order;
  },
} satisfies OrderUpdateResolvers;

export const OrderConnection = {
  totalCount: ({ criteria }, _, { loaders }) => (criteria === null ? 0 : loaders.orderCount.load(criteria)),
} satisfies OrderConnectionResolvers;

export const User = {
  __resolveReference: ({ id }) => ({ id }),
  orders: ({ id }, args, context) => (mayReadOf(context.actor, id) ? orderList(context, id, args) : null),
} satisfies UserResolvers;

function toPriceChange(offer: readonly PricedLine[], expectedTotal: Money | null) {
  return {
    lines: offer.map(({ sku, quantity, expectedPrice, unitPrice }) => ({
      sku,
      quantity,
      expected: expectedPrice == null ? null : toDecimal(expectedPrice),
      offered: toDecimal(unitPrice),
    })),
    expectedTotal: expectedTotal === null ? null : toDecimal(expectedTotal),
    offeredTotal: toDecimal(sum(offer.map(({ unitPrice, quantity }) => times(unitPrice, quantity)))),
  };
}

function decimalOrNull(minor: bigint | null, currencyCode: string | null) {
  const money = toMoney(minor, currencyCode);
  return money === null ? null : toDecimal(money);
}
