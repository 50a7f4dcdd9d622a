/**
 * An order, and the one function that moves it.
 *
 *   PENDING ──stock reserved──▶ RESERVED ──payment authorised──▶ CONFIRMED ──fulfil──▶ FULFILLED ──deliver──▶ DELIVERED
 *      │                           │                                 │
 *      ├─stock refused, price──────┴─payment declined──▶ REJECTED    │
 *      └─cancel────────────────────┴─cancel──────────────────────────┴──▶ CANCELLED
 *
 * What an order asks of inventory and payments leaves as messages with the step that makes it necessary. Messages of one
 * order arrive in the order they left, so a release or void always comes after what it takes back.
 */
import type { NewMessage } from '#platform/events/messages.ts';
import { equals, type Money, sum, times, toDecimal, toMessage } from '#platform/money/money.ts';

/** What the customer asked for. */
export interface RequestedLine {
  readonly sku: string;
  readonly quantity: number;
  /** The price a piece that the customer was shown and agreed to; none where they said none. */
  readonly expectedPrice?: Money | null;
}

/** The same with its name, and its price as it was when the order was placed. */
export interface PricedLine extends RequestedLine {
  readonly name: string;
  readonly unitPrice: Money;
}

export interface Shipment {
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly shippedAt: Date;
  readonly deliveredAt: Date | null;
}

export type Reason =
  | 'OUT_OF_STOCK'
  | 'UNKNOWN_SKU'
  | 'MIXED_CURRENCIES'
  | 'PRICE_CHANGED'
  | 'PAYMENT_DECLINED'
  | 'INSUFFICIENT_FUNDS'
  | 'PAYMENT_UNAVAILABLE'
  | 'CANCELLED_BY_CUSTOMER'
  | 'CANCELLED_BY_STAFF';

interface Common {
  readonly id: string;
  readonly customerId: string;
  /** Counts the order's changes from 1. */
  readonly version: number;
}

interface Priced {
  readonly lines: readonly PricedLine[];
  readonly total: Money;
}

interface Ended {
  readonly lines: readonly (RequestedLine | PricedLine)[];
  readonly total: Money | null;
  readonly reason: Reason;
  /** The reason for a person to read. */
  readonly reasonDetail: string | null;
  /** What was asked for where it is not what the customer had agreed to: PRICE_CHANGED. */
  readonly offer: readonly PricedLine[] | null;
}

export type Order =
  | (Common & {
      readonly status: 'PENDING';
      readonly lines: readonly RequestedLine[];
      readonly paymentMethod: string;
      readonly expectedTotal: Money | null;
    })
  | (Common & Priced & { readonly status: 'RESERVED' })
  | (Common & Priced & { readonly status: 'CONFIRMED' })
  | (Common & Priced & { readonly status: 'FULFILLED'; readonly shipment: Shipment })
  | (Common & Priced & { readonly status: 'DELIVERED'; readonly shipment: Shipment })
  | (Common & Ended & { readonly status: 'REJECTED' })
  | (Common & Ended & { readonly status: 'CANCELLED' });

export type OrderStatus = Order['status'];
export type OrderIn<Status extends OrderStatus> = Extract<Order, { status: Status }>;

export interface StockRefusal {
  readonly sku: string;
  readonly code: 'OUT_OF_STOCK' | 'UNKNOWN_SKU';
  readonly requested: number;
  readonly available: number;
}

/** What can happen to an order once it is placed. */
export type OrderEvent =
  | { readonly type: 'stock-reserved'; readonly lines: readonly PricedLine[] }
  | { readonly type: 'stock-refused'; readonly refusals: readonly StockRefusal[] }
  | { readonly type: 'payment-authorised' }
  | {
      readonly type: 'payment-declined';
      readonly code: 'DECLINED' | 'INSUFFICIENT_FUNDS' | 'UNAVAILABLE';
      readonly message: string;
    }
  | { readonly type: 'cancel'; readonly by: 'CUSTOMER' | 'STAFF' }
  | { readonly type: 'fulfil'; readonly carrier: string; readonly trackingNumber: string; readonly at: Date }
  | { readonly type: 'deliver'; readonly at: Date };

export interface Step {
  readonly order: Order;
  readonly messages: readonly NewMessage[];
}

export interface Placement {
  readonly id: string;
  readonly customerId: string;
  readonly lines: readonly RequestedLine[];
  readonly paymentMethod: string;
  readonly expectedTotal: Money | null;
}

/** A new order, and the request to reserve its stock. */
export function place({ id, customerId, lines, paymentMethod, expectedTotal }: Placement): {
  order: OrderIn<'PENDING'>;
  messages: readonly NewMessage[];
} {
  return {
    order: { id, customerId, version: 1, status: 'PENDING', lines, paymentMethod, expectedTotal },
    messages: [
      {
        type: 'inventory.reserve-stock',
        key: id,
        payload: {
          orderId: id,
          lines: lines.map(({ sku, quantity, expectedPrice }) => ({
            sku,
            quantity,
            ...(expectedPrice != null && { quotedPrice: toMessage(expectedPrice) }),
          })),
        },
      },
    ],
  };
}

/**
 * The order after the event, and what to ask of the other services. Null where the event means nothing to an order of
 * this status: a reply that comes late or twice, or a command that is not allowed (any more).
 */
export function advance(order: Order, event: OrderEvent): Step | null {
  switch (order.status) {
    case 'PENDING':
      switch (event.type) {
        case 'stock-reserved':
          return priceAndPay(order, event.lines);
        case 'stock-refused':
          return reject(order, stockReason(event.refusals), event.refusals.map(describeRefusal).join(' '));
        case 'cancel':
          return cancel(order, event.by, [releaseStock(order)]);
        default:
          return null;
      }
    case 'RESERVED':
      switch (event.type) {
        case 'payment-authorised':
          return { order: { ...order, status: 'CONFIRMED', version: order.version + 1 }, messages: [] };
        case 'payment-declined':
          return reject(order, PAYMENT_REASONS[event.code], event.message, [releaseStock(order)]);
        case 'cancel':
          return cancel(order, event.by, [voidPayment(order), releaseStock(order)]);
        default:
          return null;
      }
    case 'CONFIRMED':
      switch (event.type) {
        case 'cancel':
          return cancel(order, event.by, [voidPayment(order), releaseStock(order)]);
        case 'fulfil': {
          const { carrier, trackingNumber, at } = event;
          return {
            order: {
              ...order,
              status: 'FULFILLED',
              version: order.version + 1,
              shipment: { carrier, trackingNumber, shippedAt: at, deliveredAt: null },
            },
            messages: [
              { type: 'payments.capture', key: order.id, payload: { orderId: order.id } },
              { type: 'inventory.ship-stock', key: order.id, payload: { orderId: order.id } },
            ],
          };
        }
        default:
          return null;
      }
    case 'FULFILLED':
      if (event.type !== 'deliver') return null;
      return {
        order: {
          ...order,
          status: 'DELIVERED',
          version: order.version + 1,
          shipment: { ...order.shipment, deliveredAt: event.at },
        },
        messages: [],
      };
    case 'DELIVERED':
    case 'REJECTED':
    case 'CANCELLED':
      return null;
  }
}

/** True once nothing can happen to the order any more. */
export function isFinal(status: OrderStatus): boolean {
  return status === 'DELIVERED' || status === 'REJECTED' || status === 'CANCELLED';
}

const PAYMENT_REASONS = {
  DECLINED: 'PAYMENT_DECLINED',
  INSUFFICIENT_FUNDS: 'INSUFFICIENT_FUNDS',
  UNAVAILABLE: 'PAYMENT_UNAVAILABLE',
} as const satisfies Record<string, Reason>;

function priceAndPay(order: OrderIn<'PENDING'>, lines: readonly PricedLine[]): Step {
  const currencies = new Set(lines.map((line) => line.unitPrice.currencyCode));
  if (currencies.size > 1) {
    return reject(
      order,
      'MIXED_CURRENCIES',
      `One order is paid in one currency; these lines are in ${[...currencies].join(' and ')}.`,
      [releaseStock(order)],
    );
  }
  const total = sum(lines.map((line) => times(line.unitPrice, line.quantity)));
  const complaints = priceComplaints(order, lines, total);
  if (complaints.length > 0) {
    const { order: rejected, messages } = reject(order, 'PRICE_CHANGED', complaints.join(' '), [
      releaseStock(order),
    ]);
    return { order: { ...rejected, offer: lines }, messages };
  }
  const { id, customerId, version, paymentMethod } = order;
  return {
    order: { id, customerId, version: version + 1, status: 'RESERVED', lines, total },
    messages: [
      {
        type: 'payments.authorise',
        key: id,
        payload: { orderId: id, customerId, amount: toMessage(total), paymentMethod },
      },
    ],
  };
}

/** What is not as the customer agreed to, for a person to read. */
function priceComplaints(
  order: OrderIn<'PENDING'>,
  offer: readonly PricedLine[],
  total: Money,
): readonly string[] {
  const expected = new Map(order.lines.map(({ sku, expectedPrice }) => [sku, expectedPrice ?? null]));
  const complaints = offer.flatMap(({ sku, unitPrice }) => {
    const agreed = expected.get(sku) ?? null;
    return agreed === null || equals(agreed, unitPrice)
      ? []
      : [`${sku} costs ${show(unitPrice)}, not ${show(agreed)}.`];
  });
  const { expectedTotal } = order;
  if (expectedTotal !== null && !equals(expectedTotal, total))
    complaints.push(`The total is ${show(total)}, not ${show(expectedTotal)}.`);
  return complaints;
}

function reject(
  order: OrderIn<'PENDING' | 'RESERVED'>,
  reason: Reason,
  reasonDetail: string | null,
  messages: readonly NewMessage[] = [],
): { order: OrderIn<'REJECTED'>; messages: readonly NewMessage[] } {
  return { order: { ...ended(order, reason, reasonDetail), status: 'REJECTED' }, messages };
}

function cancel(
  order: OrderIn<'PENDING' | 'RESERVED' | 'CONFIRMED'>,
  by: 'CUSTOMER' | 'STAFF',
  messages: readonly NewMessage[],
): Step {
  return {
    order: {
      ...ended(order, by === 'STAFF' ? 'CANCELLED_BY_STAFF' : 'CANCELLED_BY_CUSTOMER', null),
      status: 'CANCELLED',
    },
    messages,
  };
}

function ended(
  order: OrderIn<'PENDING' | 'RESERVED' | 'CONFIRMED'>,
  reason: Reason,
  reasonDetail: string | null,
): Common & Ended {
  const { id, customerId, version, lines } = order;
  return {
    id,
    customerId,
    version: version + 1,
    lines,
    total: order.status === 'PENDING' ? null : order.total,
    reason,
    reasonDetail,
    offer: null,
  };
}

function releaseStock({ id }: Order): NewMessage {
  return { type: 'inventory.release-stock', key: id, payload: { orderId: id } };
}

function voidPayment({ id }: Order): NewMessage {
  return { type: 'payments.void', key: id, payload: { orderId: id } };
}

function stockReason(refusals: readonly StockRefusal[]): Reason {
  return refusals.some((refusal) => refusal.code === 'UNKNOWN_SKU') ? 'UNKNOWN_SKU' : 'OUT_OF_STOCK';
}

function describeRefusal({ sku, code, requested, available }: StockRefusal): string {
  if (code === 'UNKNOWN_SKU') return `There is no ${sku}.`;
  return available <= 0
    ? `${sku} is sold out.`
    : `Of ${sku} only ${available} are left, ${requested} were ordered.`;
}

function show(money: Money): string {
  const { amount, currencyCode } = toDecimal(money);
  return `${amount} ${currencyCode}`;
}
