import { z } from 'zod';
import { moneyMessage } from '#platform/money/money.ts';

/**
 * Every message that travels between services. A request is addressed to the service before the dot and asks it to do
 * something; all others tell what happened. Payloads may gain optional fields; nothing else about them may change while
 * messages of the old shape can still be on the bus.
 */
export const MESSAGES = {
  /**
   * orders → inventory: take these units, all or none, at the prices of the moment the order was placed, which is when the
   * message occurred; or at those the customer was quoted, where they were offered then or shortly before.
   */
  'inventory.reserve-stock': z.object({
    orderId: z.uuid(),
    lines: z
      .array(
        z.object({
          sku: z.string(),
          quantity: z.int().positive(),
          quotedPrice: moneyMessage.optional(),
        }),
      )
      .min(1),
  }),
  /** orders → inventory: give back whatever this order holds, now or if it should still come to hold any. */
  'inventory.release-stock': z.object({ orderId: z.uuid() }),
  /** orders → inventory: the reserved units have left the warehouse. */
  'inventory.ship-stock': z.object({ orderId: z.uuid() }),

  /** inventory → orders: all units are held, at these names and prices. */
  'stock.reserved': z.object({
    orderId: z.uuid(),
    lines: z
      .array(
        z.object({
          sku: z.string(),
          name: z.string(),
          quantity: z.int().positive(),
          unitPrice: moneyMessage,
        }),
      )
      .min(1),
  }),
  /** inventory → orders: nothing is held. One refusal for each SKU at fault. */
  'stock.refused': z.object({
    orderId: z.uuid(),
    refusals: z
      .array(
        z.object({
          sku: z.string(),
          code: z.enum(['OUT_OF_STOCK', 'UNKNOWN_SKU']),
          requested: z.int(),
          available: z.int(),
        }),
      )
      .min(1),
  }),

  /** orders → payments: hold this amount on the customer's payment method. */
  'payments.authorise': z.object({
    orderId: z.uuid(),
    customerId: z.uuid(),
    amount: moneyMessage,
    paymentMethod: z.string(),
  }),
  /**
   * orders → payments: hold the amount once more, on another payment method where one is named, as what was held cannot be
   * taken. Attempts count from 1, which is `payments.authorise`.
   */
  'payments.reauthorise': z.object({
    orderId: z.uuid(),
    attempt: z.int().min(2),
    paymentMethod: z.string().optional(),
  }),
  /** orders → payments: take what is held. */
  'payments.capture': z.object({ orderId: z.uuid() }),
  /** orders → payments: let go of what is held, now or if it should still come to be held. */
  'payments.void': z.object({ orderId: z.uuid() }),

  /** users → all: access tokens of this session are no longer good for changing anything. */
  'session.ended': z.object({ sessionId: z.uuid(), userId: z.uuid() }),

  /** payments → orders */
  'payment.authorised': z.object({ orderId: z.uuid(), paymentId: z.uuid() }),
  /** payments → orders: nothing is held, and nothing will be. */
  'payment.declined': z.object({
    orderId: z.uuid(),
    paymentId: z.uuid(),
    code: z.enum(['DECLINED', 'INSUFFICIENT_FUNDS', 'UNAVAILABLE']),
    message: z.string(),
  }),
  /** payments → orders: what was held is taken. */
  'payment.captured': z.object({ orderId: z.uuid(), paymentId: z.uuid() }),
  /** payments → orders: what was held has not been taken, and will not be. */
  'payment.capture-failed': z.object({ orderId: z.uuid(), paymentId: z.uuid(), message: z.string() }),
  /** payments → orders: nothing is held any more, as the provider holds an amount for so long only. */
  'payment.expired': z.object({ orderId: z.uuid(), paymentId: z.uuid() }),
} as const;

export type MessageType = keyof typeof MESSAGES;
export type Payload<Type extends MessageType> = z.infer<(typeof MESSAGES)[Type]>;

/** A message on its way. `key` orders: messages of one key arrive in the order they were appended. */
export interface Message<Type extends MessageType = MessageType> {
  readonly id: string;
  readonly type: Type;
  readonly key: string;
  readonly occurredAt: string;
  readonly payload: Payload<Type>;
}

/** A message to be: the outbox gives it id and time. */
export type NewMessage = {
  [Type in MessageType]: { readonly type: Type; readonly key: string; readonly payload: Payload<Type> };
}[MessageType];

/** What a service does with what it receives; a type that is not listed is not received. */
export type MessageHandlers<Context> = {
  readonly [Type in MessageType]?: (message: Message<Type>, context: Context) => Promise<void>;
};
