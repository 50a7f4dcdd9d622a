/** What an order is in each of its statuses, and what can happen to it; how it moves is in order.ts. */
import type { NewMessage } from '#schema/messages.ts';
import type { Money } from '#platform/money/money.ts';

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

export interface Parcel {
  readonly carrier: string;
  readonly trackingNumber: string;
}

export interface Shipment extends Parcel {
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
  | 'AUTHORISATION_EXPIRED'
  | 'EXPIRED'
  | 'CANCELLED_BY_CUSTOMER'
  | 'CANCELLED_BY_STAFF';

export interface Common {
  readonly id: string;
  readonly customerId: string;
  /** Counts the order's changes from 1. */
  readonly version: number;
  /** Of authorising its payment, from 1. */
  readonly paymentAttempt: number;
}

export interface Priced {
  readonly lines: readonly PricedLine[];
  readonly total: Money;
}

export interface Ended {
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
  | (Common & Priced & { readonly status: 'FULFILLING'; readonly parcel: Parcel })
  | (Common &
      Priced & {
        readonly status: 'PAYMENT_FAILED';
        readonly reason: Reason;
        readonly reasonDetail: string | null;
      })
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
  | { readonly type: 'payment-captured'; readonly at: Date }
  | { readonly type: 'capture-failed'; readonly message: string }
  | { readonly type: 'payment-expired' }
  | { readonly type: 'retry-payment'; readonly paymentMethod: string | null }
  /** Nobody has paid for too long. */
  | { readonly type: 'expire' }
  | { readonly type: 'cancel'; readonly by: 'CUSTOMER' | 'STAFF' }
  | ({ readonly type: 'fulfil' } & Parcel)
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
