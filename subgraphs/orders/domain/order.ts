/**
 * An order's life, and the one place that decides it. Pure: no clock, no database.
 *
 *   PENDING ──stock reserved──▶ RESERVED ──payment authorised──▶ CONFIRMED ──fulfil──▶ FULFILLING ──payment captured──▶ FULFILLED ──deliver──▶ DELIVERED
 *      │                        │ ▲  │                             │ │                     │
 *      │                        │ │  └─declined, not the first─▶ PAYMENT_FAILED ◀──refused─┘
 *      │                        │ └──────retry payment───────────┘ │ ▲ expired
 *      ├─stock refused, price───┴─payment declined──▶ REJECTED     │ └── from CONFIRMED and FULFILLING
 *      └─cancel, expire─────────┴─cancel, expire───────────────────┴──▶ CANCELLED   (CONFIRMED: cancel only; FULFILLING: neither)
 *
 * Goods leave with FULFILLED, never before the money is there. Where it is not to be had the order says so: it is
 * PAYMENT_FAILED, keeps its stock, and can be paid anew or cancelled; left alone, it expires.
 *
 * What an order asks of inventory and payments leaves as messages with the step that makes it necessary. Messages of one
 * order arrive in the order they left, so a release or void always comes after what it takes back; and so do replies.
 */
import type { NewMessage } from '#schema/messages.ts';
import { equals, type Money, sum, times, toDecimal, toMessage } from '#platform/money/money.ts';
import type {
  Common,
  Ended,
  Order,
  OrderEvent,
  OrderIn,
  OrderStatus,
  Placement,
  PricedLine,
  Reason,
  Step,
  StockRefusal,
} from './order-states.ts';

export type * from './order-states.ts';

/** A new order, and the request to reserve its stock. */
export function place({ id, customerId, lines, paymentMethod, expectedTotal }: Placement): {
  order: OrderIn<'PENDING'>;
  messages: readonly NewMessage[];
} {
  return {
    order: {
      id,
      customerId,
      version: 1,
      paymentAttempt: 1,
      status: 'PENDING',
      lines,
      paymentMethod,
      expectedTotal,
    },
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
        case 'expire':
          return end(order, endReason(event), [releaseStock(order)]);
        default:
          return null;
      }
    case 'RESERVED':
      switch (event.type) {
        case 'payment-authorised':
          return moved(order, { status: 'CONFIRMED' });
        case 'payment-declined':
          return order.paymentAttempt === 1
            ? reject(order, PAYMENT_REASONS[event.code], event.message, [releaseStock(order)])
            : failPayment(order, PAYMENT_REASONS[event.code], event.message);
        case 'cancel':
        case 'expire':
          return end(order, endReason(event), [voidPayment(order), releaseStock(order)]);
        default:
          return null;
      }
    case 'CONFIRMED':
      switch (event.type) {
        case 'cancel':
          return end(order, endReason(event), [voidPayment(order), releaseStock(order)]);
        case 'payment-expired':
          return failPayment(order, 'AUTHORISATION_EXPIRED', HOLD_ENDED);
        case 'fulfil': {
          const { carrier, trackingNumber } = event;
          return moved(order, { status: 'FULFILLING', parcel: { carrier, trackingNumber } }, [
            { type: 'payments.capture', key: order.id, payload: { orderId: order.id } },
          ]);
        }
        default:
          return null;
      }
    case 'FULFILLING': {
      const { parcel, ...paid } = order;
      switch (event.type) {
        case 'payment-captured': {
          const shipment = { ...parcel, shippedAt: event.at, deliveredAt: null };
          return moved(paid, { status: 'FULFILLED', shipment }, [
            { type: 'inventory.ship-stock', key: order.id, payload: { orderId: order.id } },
          ]);
        }
        case 'capture-failed':
          return failPayment(order, 'PAYMENT_DECLINED', event.message);
        case 'payment-expired':
          return failPayment(order, 'AUTHORISATION_EXPIRED', HOLD_ENDED);
        default:
          return null;
      }
    }
    case 'PAYMENT_FAILED': {
      const { reason: _, reasonDetail: __, ...unpaid } = order;
      switch (event.type) {
        case 'retry-payment': {
          const attempt = order.paymentAttempt + 1;
          const { paymentMethod } = event;
          return moved({ ...unpaid, paymentAttempt: attempt }, { status: 'RESERVED' }, [
            {
              type: 'payments.reauthorise',
              key: order.id,
              payload: { orderId: order.id, attempt, ...(paymentMethod !== null && { paymentMethod }) },
            },
          ]);
        }
        case 'cancel':
        case 'expire':
          return end(order, endReason(event), [voidPayment(order), releaseStock(order)]);
        default:
          return null;
      }
    }
    case 'FULFILLED':
      switch (event.type) {
        case 'deliver':
          return moved(order, {
            status: 'DELIVERED',
            shipment: { ...order.shipment, deliveredAt: event.at },
          });
        case 'capture-failed':
          // Sent off before goods waited for their money.
          return failPayment(order, 'PAYMENT_DECLINED', event.message);
        default:
          return null;
      }
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

/** What somebody can do about an order. */
export type OrderAction = 'CANCEL' | 'RETRY_PAYMENT' | 'FULFIL' | 'DELIVER';

/** What can be done about an order of that status, by its customer or by staff. */
export function actionsOn(status: OrderStatus, by: 'CUSTOMER' | 'STAFF'): OrderAction[] {
  switch (status) {
    case 'PENDING':
    case 'RESERVED':
      return ['CANCEL'];
    case 'CONFIRMED':
      return by === 'STAFF' ? ['CANCEL', 'FULFIL'] : ['CANCEL'];
    case 'PAYMENT_FAILED':
      return ['RETRY_PAYMENT', 'CANCEL'];
    case 'FULFILLED':
      return by === 'STAFF' ? ['DELIVER'] : [];
    case 'FULFILLING':
    case 'DELIVERED':
    case 'REJECTED':
    case 'CANCELLED':
      return [];
  }
}

const HOLD_ENDED = 'The amount is no longer held: it has to be paid anew.';

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
  const { id, customerId, version, paymentAttempt, paymentMethod } = order;
  return {
    order: { id, customerId, version: version + 1, paymentAttempt, status: 'RESERVED', lines, total },
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

type Confirmable = OrderIn<'PENDING' | 'RESERVED' | 'CONFIRMED' | 'PAYMENT_FAILED'>;

function end(order: Confirmable, reason: Reason, messages: readonly NewMessage[]): Step {
  return { order: { ...ended(order, reason, null), status: 'CANCELLED' }, messages };
}

function endReason(event: Extract<OrderEvent, { type: 'cancel' | 'expire' }>): Reason {
  if (event.type === 'expire') return 'EXPIRED';
  return event.by === 'STAFF' ? 'CANCELLED_BY_STAFF' : 'CANCELLED_BY_CUSTOMER';
}

/** The stock stays reserved: whoever pays anew gets what they ordered, at the price they ordered it at. */
function failPayment(
  order: OrderIn<'RESERVED' | 'CONFIRMED' | 'FULFILLING' | 'FULFILLED'>,
  reason: Reason,
  reasonDetail: string,
): Step {
  const { id, customerId, version, paymentAttempt, lines, total } = order;
  return moved(
    { id, customerId, version, paymentAttempt, lines, total },
    { status: 'PAYMENT_FAILED', reason, reasonDetail },
  );
}

/** One version on. */
function moved<Before extends Common, After extends object>(
  order: Before,
  after: After,
  messages: readonly NewMessage[] = [],
): { order: Omit<Before, keyof After> & After; messages: readonly NewMessage[] } {
  return { order: { ...order, ...after, version: order.version + 1 }, messages };
}

function ended(order: Confirmable, reason: Reason, reasonDetail: string | null): Common & Ended {
  const { id, customerId, version, paymentAttempt, lines } = order;
  return {
    id,
    customerId,
    version: version + 1,
    paymentAttempt,
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

const FEW = 10;

function describeRefusal({ sku, code, requested, available }: StockRefusal): string {
  if (code === 'UNKNOWN_SKU') return `There is no ${sku}.`;
  if (available <= 0) return `${sku} is sold out.`;
  // How many there are of what there is much of is not for customers to know.
  return available <= FEW
    ? `Of ${sku} only ${available} are left, ${requested} were ordered.`
    : `Of ${sku} fewer than ${requested} are left.`;
}

function show(money: Money): string {
  const { amount, currencyCode } = toDecimal(money);
  return `${amount} ${currencyCode}`;
}
