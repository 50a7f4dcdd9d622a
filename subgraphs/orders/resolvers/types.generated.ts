import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { OrderRow, OrderEventRow } from '../db/tables.ts';
import type { OrderConnectionParent, OrderLineParent, UserStub } from './parents.ts';
import type { OrderMove } from '../streams/order-streams.ts';
import type { Context } from '../context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  CountryCode: { input: string; output: string; }
  CurrencyCode: { input: string; output: string; }
  DateTime: { input: Date; output: Date | string; }
  Decimal: { input: string; output: string; }
  _FieldSet: { input: string; output: string; }
};

export type CancelOrderInput = {
  /** The same key with the same body answers what it answered before; with another body it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  orderId: Scalars['ID']['input'];
};

export type CancelOrderPayload = {
  __typename?: 'CancelOrderPayload';
  order?: Maybe<Order>;
  userErrors: Array<OrderError>;
};

export type DeliverOrderInput = {
  /** The same key with the same body answers what it answered before; with another body it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  orderId: Scalars['ID']['input'];
};

export type DeliverOrderPayload = {
  __typename?: 'DeliverOrderPayload';
  order?: Maybe<Order>;
  userErrors: Array<OrderError>;
};

export type FulfilOrderInput = {
  carrier: Scalars['String']['input'];
  /** The same key with the same body answers what it answered before; with another body it is refused. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  orderId: Scalars['ID']['input'];
  trackingNumber: Scalars['String']['input'];
};

export type FulfilOrderPayload = {
  __typename?: 'FulfilOrderPayload';
  order?: Maybe<Order>;
  userErrors: Array<OrderError>;
};

/** An exact amount: decimal digits, never a float. */
export type Money = {
  __typename?: 'Money';
  amount: Scalars['Decimal']['output'];
  currencyCode: Scalars['CurrencyCode']['output'];
};

export type MoneyInput = {
  amount: Scalars['Decimal']['input'];
  currencyCode: Scalars['CurrencyCode']['input'];
};

export type Mutation = {
  __typename?: 'Mutation';
  /** Until the order is being fulfilled, and when its payment has failed: releases its stock and voids its payment. */
  cancelOrder: CancelOrderPayload;
  /** Staff: the parcel has arrived. */
  deliverOrder: DeliverOrderPayload;
  /**
   * Staff: the parcel is ready. Captures the payment, and answers FULFILLED when that has been done within a few seconds: the
   * parcel may leave. Otherwise FULFILLING, and `orderUpdated` tells; or PAYMENT_FAILED: the parcel must not leave.
   */
  fulfilOrder: FulfilOrderPayload;
  /** Accepts the order as PENDING and returns at once; `orderUpdated` tells how it goes on. */
  placeOrder: PlaceOrderPayload;
  /**
   * When the payment has failed: has the amount authorised once more, so that the order is RESERVED, then CONFIRMED again, or
   * PAYMENT_FAILED again. Stock and prices stay.
   */
  retryPayment: RetryPaymentPayload;
};


export type MutationCancelOrderArgs = {
  input: CancelOrderInput;
};


export type MutationDeliverOrderArgs = {
  input: DeliverOrderInput;
};


export type MutationFulfilOrderArgs = {
  input: FulfilOrderInput;
};


export type MutationPlaceOrderArgs = {
  input: PlaceOrderInput;
};


export type MutationRetryPaymentArgs = {
  input: RetryPaymentInput;
};

export type Order = {
  __typename?: 'Order';
  /** What whoever asks can do about the order now. */
  actions: Array<OrderAction>;
  createdAt: Scalars['DateTime']['output'];
  customer?: Maybe<User>;
  events: Array<OrderEvent>;
  id: Scalars['ID']['output'];
  lines: Array<OrderLine>;
  /** What a person quotes, such as OG-1000042. */
  number: Scalars['String']['output'];
  /** Of an order rejected as PRICE_CHANGED: what the customer agreed to, and what is asked instead. */
  priceChange?: Maybe<PriceChange>;
  /** Why the order was rejected or cancelled, or its payment failed. */
  reason?: Maybe<OrderReason>;
  /** The same for a person to read. */
  reasonDetail?: Maybe<Scalars['String']['output']>;
  shipment?: Maybe<Shipment>;
  shippingAddress: ShippingAddress;
  status: OrderStatus;
  /** At the prices of the moment the order was placed. Null until the stock is reserved. */
  total?: Maybe<Money>;
  /** Counts the changes of this order from 1. */
  version: Scalars['Int']['output'];
};

export const OrderAction = {
  Cancel: 'CANCEL',
  Deliver: 'DELIVER',
  Fulfil: 'FULFIL',
  RetryPayment: 'RETRY_PAYMENT'
} as const;

export type OrderAction = typeof OrderAction[keyof typeof OrderAction];
export type OrderConnection = {
  __typename?: 'OrderConnection';
  edges: Array<OrderEdge>;
  nodes: Array<Order>;
  pageInfo: PageInfo;
  totalCount: Scalars['Int']['output'];
};

export type OrderEdge = {
  __typename?: 'OrderEdge';
  cursor: Scalars['String']['output'];
  node: Order;
};

export type OrderError = {
  __typename?: 'OrderError';
  code: OrderErrorCode;
  /** The path of the input field at fault, such as ["input", "lines", "0", "quantity"]. */
  field?: Maybe<Array<Scalars['String']['output']>>;
  message: Scalars['String']['output'];
};

export const OrderErrorCode = {
  IdempotencyConflict: 'IDEMPOTENCY_CONFLICT',
  InvalidInput: 'INVALID_INPUT',
  /** The order's status does not allow this; the message names the status. */
  InvalidStatus: 'INVALID_STATUS',
  NotFound: 'NOT_FOUND'
} as const;

export type OrderErrorCode = typeof OrderErrorCode[keyof typeof OrderErrorCode];
export type OrderEvent = {
  __typename?: 'OrderEvent';
  occurredAt: Scalars['DateTime']['output'];
  reason?: Maybe<OrderReason>;
  reasonDetail?: Maybe<Scalars['String']['output']>;
  status: OrderStatus;
  version: Scalars['Int']['output'];
};

export type OrderFilter = {
  /** That moment included. */
  createdAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** That moment not included: with `createdAfter`, days and months follow each other without a gap. */
  createdBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Staff: the orders of one customer. */
  customerId?: InputMaybe<Scalars['ID']['input']>;
  statuses?: InputMaybe<Array<OrderStatus>>;
};

/** The unit price is that of the moment the order was placed. Name and unit price are null until the stock is reserved. */
export type OrderLine = {
  __typename?: 'OrderLine';
  name?: Maybe<Scalars['String']['output']>;
  quantity: Scalars['Int']['output'];
  sku: Scalars['String']['output'];
  unitPrice?: Maybe<Money>;
  /** The variant as it is in the catalogue today. */
  variant?: Maybe<Variant>;
};

export type OrderLineInput = {
  /**
   * The price a piece that the customer was shown. The line is charged at it if it was offered when the order was placed or
   * shortly before (15 minutes, unless set otherwise); if not, the order is rejected as PRICE_CHANGED. Without it, the line
   * is charged at the price of the moment the order was placed.
   */
  expectedUnitPrice?: InputMaybe<MoneyInput>;
  /** 1 to 1,000. */
  quantity: Scalars['Int']['input'];
  sku: Scalars['String']['input'];
};

export const OrderReason = {
  /** The authorised amount was not captured before the provider let go of it. */
  AuthorisationExpired: 'AUTHORISATION_EXPIRED',
  CancelledByCustomer: 'CANCELLED_BY_CUSTOMER',
  CancelledByStaff: 'CANCELLED_BY_STAFF',
  /** Nobody paid in time. */
  Expired: 'EXPIRED',
  InsufficientFunds: 'INSUFFICIENT_FUNDS',
  /** The lines are priced in different currencies. */
  MixedCurrencies: 'MIXED_CURRENCIES',
  OutOfStock: 'OUT_OF_STOCK',
  PaymentDeclined: 'PAYMENT_DECLINED',
  /** The payment provider could not be reached in time. */
  PaymentUnavailable: 'PAYMENT_UNAVAILABLE',
  /** The total or a unit price is not what the customer agreed to: see `priceChange`. */
  PriceChanged: 'PRICE_CHANGED',
  UnknownSku: 'UNKNOWN_SKU'
} as const;

export type OrderReason = typeof OrderReason[keyof typeof OrderReason];
/**
 * PENDING → RESERVED → CONFIRMED → FULFILLING → FULFILLED → DELIVERED. From the first two also REJECTED, from the first three
 * also CANCELLED. From CONFIRMED and FULFILLING also PAYMENT_FAILED, and from there RESERVED again, or CANCELLED.
 */
export const OrderStatus = {
  Cancelled: 'CANCELLED',
  /** Payment authorised. */
  Confirmed: 'CONFIRMED',
  Delivered: 'DELIVERED',
  /** On its way; payment captured. */
  Fulfilled: 'FULFILLED',
  /** The parcel is ready and waits for its payment to be captured. */
  Fulfilling: 'FULFILLING',
  /**
   * The money that had been authorised is not to be had: the provider refused to capture it, or holds it no longer. Nothing has
   * left. The stock stays reserved, for three days unless set otherwise: pay anew (`retryPayment`) or cancel.
   */
  PaymentFailed: 'PAYMENT_FAILED',
  /** Accepted; stock not yet reserved. */
  Pending: 'PENDING',
  /** Refused, see `reason`. Nothing is held and nothing is charged. */
  Rejected: 'REJECTED',
  /** Stock reserved, at the prices of the moment the order was placed; payment not yet authorised. */
  Reserved: 'RESERVED'
} as const;

export type OrderStatus = typeof OrderStatus[keyof typeof OrderStatus];
export type OrderUpdate = {
  __typename?: 'OrderUpdate';
  occurredAt: Scalars['DateTime']['output'];
  /** The order as it is now, which may be later than this update. */
  order: Order;
  /** The place among all orders' changes; only on `ordersUpdated`. */
  position?: Maybe<Scalars['Int']['output']>;
  reason?: Maybe<OrderReason>;
  reasonDetail?: Maybe<Scalars['String']['output']>;
  status: OrderStatus;
  version: Scalars['Int']['output'];
};

export type PageInfo = {
  __typename?: 'PageInfo';
  endCursor?: Maybe<Scalars['String']['output']>;
  hasNextPage: Scalars['Boolean']['output'];
  hasPreviousPage: Scalars['Boolean']['output'];
  startCursor?: Maybe<Scalars['String']['output']>;
};

export type PlaceOrderInput = {
  /** When given and the total turns out different, the order is rejected as PRICE_CHANGED. */
  expectedTotal?: InputMaybe<MoneyInput>;
  /** The same key with the same body answers the order it made before; with another body it is refused. */
  idempotencyKey: Scalars['String']['input'];
  /** 1 to 100 lines, each SKU once. */
  lines: Array<OrderLineInput>;
  /** A token of the payment provider. */
  paymentMethod: Scalars['String']['input'];
  shippingAddress: ShippingAddressInput;
};

export type PlaceOrderPayload = {
  __typename?: 'PlaceOrderPayload';
  order?: Maybe<Order>;
  userErrors: Array<OrderError>;
};

/** An order is not charged another price than the customer agreed to: it is rejected, and says what it would cost. */
export type PriceChange = {
  __typename?: 'PriceChange';
  /** The `expectedTotal` of the order, if it had one. */
  expectedTotal?: Maybe<Money>;
  lines: Array<PriceChangeLine>;
  offeredTotal: Money;
};

export type PriceChangeLine = {
  __typename?: 'PriceChangeLine';
  /** The `expectedUnitPrice` of the line, if it had one. */
  expected?: Maybe<Money>;
  /** What a piece cost when the order was placed. */
  offered: Money;
  quantity: Scalars['Int']['output'];
  sku: Scalars['String']['output'];
};

export type Query = {
  __typename?: 'Query';
  /** A customer finds only their own orders, staff find all. An id that is foreign or unknown answers null. */
  order?: Maybe<Order>;
  /** Newest first. A customer lists their own orders, staff every order. */
  orders: OrderConnection;
};


export type QueryOrderArgs = {
  id: Scalars['ID']['input'];
};


export type QueryOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OrderFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

export type RetryPaymentInput = {
  /** The same key with the same body answers what it answered before; with another body it is refused. */
  idempotencyKey: Scalars['String']['input'];
  orderId: Scalars['ID']['input'];
  /** A token of the payment provider; without it, the payment method that was used before. */
  paymentMethod?: InputMaybe<Scalars['String']['input']>;
};

export type RetryPaymentPayload = {
  __typename?: 'RetryPaymentPayload';
  order?: Maybe<Order>;
  userErrors: Array<OrderError>;
};

export type Shipment = {
  __typename?: 'Shipment';
  carrier: Scalars['String']['output'];
  deliveredAt?: Maybe<Scalars['DateTime']['output']>;
  shippedAt: Scalars['DateTime']['output'];
  trackingNumber: Scalars['String']['output'];
};

export type ShippingAddress = {
  __typename?: 'ShippingAddress';
  city: Scalars['String']['output'];
  countryCode: Scalars['CountryCode']['output'];
  line1: Scalars['String']['output'];
  line2?: Maybe<Scalars['String']['output']>;
  name: Scalars['String']['output'];
  postalCode: Scalars['String']['output'];
  region?: Maybe<Scalars['String']['output']>;
};

export type ShippingAddressInput = {
  city: Scalars['String']['input'];
  countryCode: Scalars['CountryCode']['input'];
  line1: Scalars['String']['input'];
  line2?: InputMaybe<Scalars['String']['input']>;
  name: Scalars['String']['input'];
  postalCode: Scalars['String']['input'];
  region?: InputMaybe<Scalars['String']['input']>;
};

export type Subscription = {
  __typename?: 'Subscription';
  /**
   * Every change of one order, each version once and in order, starting after version `after` (0: from the first);
   * without it, starting with the change that made the order what it is now. To resume, give the last version received.
   */
  orderUpdated: OrderUpdate;
  /** Staff: every change of every order, starting after position `after`; without it, with the next change. */
  ordersUpdated: OrderUpdate;
};


export type SubscriptionOrderUpdatedArgs = {
  after?: InputMaybe<Scalars['Int']['input']>;
  orderId: Scalars['ID']['input'];
};


export type SubscriptionOrdersUpdatedArgs = {
  after?: InputMaybe<Scalars['Int']['input']>;
};

export type User = {
  __typename?: 'User';
  id: Scalars['ID']['output'];
  /** Newest first. */
  orders?: Maybe<OrderConnection>;
};


export type UserOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<OrderFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

export type Variant = {
  __typename?: 'Variant';
  sku: Scalars['String']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Order: Order;
  User: User;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Order:
    ( { __typename: 'Order' }
    & GraphQLRecursivePick<FederationTypes['Order'], {"id":true}> );
  User:
    ( { __typename: 'User' }
    & GraphQLRecursivePick<FederationTypes['User'], {"id":true}> );
};



/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  CancelOrderInput: CancelOrderInput;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  CancelOrderPayload: ResolverTypeWrapper<Omit<CancelOrderPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  CountryCode: ResolverTypeWrapper<Scalars['CountryCode']['output']>;
  CurrencyCode: ResolverTypeWrapper<Scalars['CurrencyCode']['output']>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Decimal: ResolverTypeWrapper<Scalars['Decimal']['output']>;
  DeliverOrderInput: DeliverOrderInput;
  DeliverOrderPayload: ResolverTypeWrapper<Omit<DeliverOrderPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  FulfilOrderInput: FulfilOrderInput;
  FulfilOrderPayload: ResolverTypeWrapper<Omit<FulfilOrderPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  Money: ResolverTypeWrapper<Money>;
  MoneyInput: MoneyInput;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Order: ResolverTypeWrapper<OrderRow>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  OrderAction: OrderAction;
  OrderConnection: ResolverTypeWrapper<OrderConnectionParent>;
  OrderEdge: ResolverTypeWrapper<Omit<OrderEdge, 'node'> & { node: ResolversTypes['Order'] }>;
  OrderError: ResolverTypeWrapper<OrderError>;
  OrderErrorCode: OrderErrorCode;
  OrderEvent: ResolverTypeWrapper<OrderEventRow>;
  OrderFilter: OrderFilter;
  OrderLine: ResolverTypeWrapper<OrderLineParent>;
  OrderLineInput: OrderLineInput;
  OrderReason: OrderReason;
  OrderStatus: OrderStatus;
  OrderUpdate: ResolverTypeWrapper<OrderMove>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  PlaceOrderInput: PlaceOrderInput;
  PlaceOrderPayload: ResolverTypeWrapper<Omit<PlaceOrderPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  PriceChange: ResolverTypeWrapper<PriceChange>;
  PriceChangeLine: ResolverTypeWrapper<PriceChangeLine>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RetryPaymentInput: RetryPaymentInput;
  RetryPaymentPayload: ResolverTypeWrapper<Omit<RetryPaymentPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  Shipment: ResolverTypeWrapper<Shipment>;
  ShippingAddress: ResolverTypeWrapper<ShippingAddress>;
  ShippingAddressInput: ShippingAddressInput;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  User: ResolverTypeWrapper<UserStub>;
  Variant: ResolverTypeWrapper<Variant>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  CancelOrderInput: CancelOrderInput;
  String: Scalars['String']['output'];
  ID: Scalars['ID']['output'];
  CancelOrderPayload: Omit<CancelOrderPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  CountryCode: Scalars['CountryCode']['output'];
  CurrencyCode: Scalars['CurrencyCode']['output'];
  DateTime: Scalars['DateTime']['output'];
  Decimal: Scalars['Decimal']['output'];
  DeliverOrderInput: DeliverOrderInput;
  DeliverOrderPayload: Omit<DeliverOrderPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  FulfilOrderInput: FulfilOrderInput;
  FulfilOrderPayload: Omit<FulfilOrderPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  Money: Money;
  MoneyInput: MoneyInput;
  Mutation: Record<PropertyKey, never>;
  Order: OrderRow;
  Int: Scalars['Int']['output'];
  OrderConnection: OrderConnectionParent;
  OrderEdge: Omit<OrderEdge, 'node'> & { node: ResolversParentTypes['Order'] };
  OrderError: OrderError;
  OrderEvent: OrderEventRow;
  OrderFilter: OrderFilter;
  OrderLine: OrderLineParent;
  OrderLineInput: OrderLineInput;
  OrderUpdate: OrderMove;
  PageInfo: PageInfo;
  Boolean: Scalars['Boolean']['output'];
  PlaceOrderInput: PlaceOrderInput;
  PlaceOrderPayload: Omit<PlaceOrderPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  PriceChange: PriceChange;
  PriceChangeLine: PriceChangeLine;
  Query: Record<PropertyKey, never>;
  RetryPaymentInput: RetryPaymentInput;
  RetryPaymentPayload: Omit<RetryPaymentPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  Shipment: Shipment;
  ShippingAddress: ShippingAddress;
  ShippingAddressInput: ShippingAddressInput;
  Subscription: Record<PropertyKey, never>;
  User: UserStub;
  Variant: Variant;
};

export type CancelOrderPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CancelOrderPayload'] = ResolversParentTypes['CancelOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['OrderError']>, ParentType, ContextType>;
};

export interface CountryCodeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['CountryCode'], any> {
  name: 'CountryCode';
}

export interface CurrencyCodeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['CurrencyCode'], any> {
  name: 'CurrencyCode';
}

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export interface DecimalScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['Decimal'], any> {
  name: 'Decimal';
}

export type DeliverOrderPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['DeliverOrderPayload'] = ResolversParentTypes['DeliverOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['OrderError']>, ParentType, ContextType>;
};

export type FulfilOrderPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['FulfilOrderPayload'] = ResolversParentTypes['FulfilOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['OrderError']>, ParentType, ContextType>;
};

export type MoneyResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Money'] = ResolversParentTypes['Money']> = {
  amount?: Resolver<ResolversTypes['Decimal'], ParentType, ContextType>;
  currencyCode?: Resolver<ResolversTypes['CurrencyCode'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  cancelOrder?: Resolver<ResolversTypes['CancelOrderPayload'], ParentType, ContextType, RequireFields<MutationCancelOrderArgs, 'input'>>;
  deliverOrder?: Resolver<ResolversTypes['DeliverOrderPayload'], ParentType, ContextType, RequireFields<MutationDeliverOrderArgs, 'input'>>;
  fulfilOrder?: Resolver<ResolversTypes['FulfilOrderPayload'], ParentType, ContextType, RequireFields<MutationFulfilOrderArgs, 'input'>>;
  placeOrder?: Resolver<ResolversTypes['PlaceOrderPayload'], ParentType, ContextType, RequireFields<MutationPlaceOrderArgs, 'input'>>;
  retryPayment?: Resolver<ResolversTypes['RetryPaymentPayload'], ParentType, ContextType, RequireFields<MutationRetryPaymentArgs, 'input'>>;
};

export type OrderResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order'], FederationReferenceType extends FederationReferenceTypes['Order'] = FederationReferenceTypes['Order']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Order']> | FederationReferenceType, FederationReferenceType, ContextType>;
  actions?: Resolver<Array<ResolversTypes['OrderAction']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  customer?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  events?: Resolver<Array<ResolversTypes['OrderEvent']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  lines?: Resolver<Array<ResolversTypes['OrderLine']>, ParentType, ContextType>;
  number?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  priceChange?: Resolver<Maybe<ResolversTypes['PriceChange']>, ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['OrderReason']>, ParentType, ContextType>;
  reasonDetail?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  shipment?: Resolver<Maybe<ResolversTypes['Shipment']>, ParentType, ContextType>;
  shippingAddress?: Resolver<ResolversTypes['ShippingAddress'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  total?: Resolver<Maybe<ResolversTypes['Money']>, ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OrderConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderConnection'] = ResolversParentTypes['OrderConnection']> = {
  edges?: Resolver<Array<ResolversTypes['OrderEdge']>, ParentType, ContextType>;
  nodes?: Resolver<Array<ResolversTypes['Order']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
  totalCount?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OrderEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderEdge'] = ResolversParentTypes['OrderEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
};

export type OrderErrorResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderError'] = ResolversParentTypes['OrderError']> = {
  code?: Resolver<ResolversTypes['OrderErrorCode'], ParentType, ContextType>;
  field?: Resolver<Maybe<Array<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type OrderEventResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderEvent'] = ResolversParentTypes['OrderEvent']> = {
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['OrderReason']>, ParentType, ContextType>;
  reasonDetail?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type OrderLineResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderLine'] = ResolversParentTypes['OrderLine']> = {
  name?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  unitPrice?: Resolver<Maybe<ResolversTypes['Money']>, ParentType, ContextType>;
  variant?: Resolver<Maybe<ResolversTypes['Variant']>, ParentType, ContextType>;
};

export type OrderUpdateResolvers<ContextType = Context, ParentType extends ResolversParentTypes['OrderUpdate'] = ResolversParentTypes['OrderUpdate']> = {
  occurredAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  order?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
  position?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  reason?: Resolver<Maybe<ResolversTypes['OrderReason']>, ParentType, ContextType>;
  reasonDetail?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  version?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PlaceOrderPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PlaceOrderPayload'] = ResolversParentTypes['PlaceOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['OrderError']>, ParentType, ContextType>;
};

export type PriceChangeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PriceChange'] = ResolversParentTypes['PriceChange']> = {
  expectedTotal?: Resolver<Maybe<ResolversTypes['Money']>, ParentType, ContextType>;
  lines?: Resolver<Array<ResolversTypes['PriceChangeLine']>, ParentType, ContextType>;
  offeredTotal?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type PriceChangeLineResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PriceChangeLine'] = ResolversParentTypes['PriceChangeLine']> = {
  expected?: Resolver<Maybe<ResolversTypes['Money']>, ParentType, ContextType>;
  offered?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType, RequireFields<QueryOrderArgs, 'id'>>;
  orders?: Resolver<ResolversTypes['OrderConnection'], ParentType, ContextType, RequireFields<QueryOrdersArgs, 'first'>>;
};

export type RetryPaymentPayloadResolvers<ContextType = Context, ParentType extends ResolversParentTypes['RetryPaymentPayload'] = ResolversParentTypes['RetryPaymentPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<Array<ResolversTypes['OrderError']>, ParentType, ContextType>;
};

export type ShipmentResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Shipment'] = ResolversParentTypes['Shipment']> = {
  carrier?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  deliveredAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  shippedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  trackingNumber?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ShippingAddressResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ShippingAddress'] = ResolversParentTypes['ShippingAddress']> = {
  city?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  countryCode?: Resolver<ResolversTypes['CountryCode'], ParentType, ContextType>;
  line1?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  line2?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  postalCode?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  region?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  orderUpdated?: SubscriptionResolver<ResolversTypes['OrderUpdate'], "orderUpdated", ParentType, ContextType, RequireFields<SubscriptionOrderUpdatedArgs, 'orderId'>>;
  ordersUpdated?: SubscriptionResolver<ResolversTypes['OrderUpdate'], "ordersUpdated", ParentType, ContextType, Partial<SubscriptionOrdersUpdatedArgs>>;
};

export type UserResolvers<ContextType = Context, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User'], FederationReferenceType extends FederationReferenceTypes['User'] = FederationReferenceTypes['User']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['User']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  orders?: Resolver<Maybe<ResolversTypes['OrderConnection']>, ParentType, ContextType, RequireFields<UserOrdersArgs, 'first'>>;
};

export type VariantResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Variant'] = ResolversParentTypes['Variant']> = {
  sku?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  CancelOrderPayload?: CancelOrderPayloadResolvers<ContextType>;
  CountryCode?: GraphQLScalarType;
  CurrencyCode?: GraphQLScalarType;
  DateTime?: GraphQLScalarType;
  Decimal?: GraphQLScalarType;
  DeliverOrderPayload?: DeliverOrderPayloadResolvers<ContextType>;
  FulfilOrderPayload?: FulfilOrderPayloadResolvers<ContextType>;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  OrderConnection?: OrderConnectionResolvers<ContextType>;
  OrderEdge?: OrderEdgeResolvers<ContextType>;
  OrderError?: OrderErrorResolvers<ContextType>;
  OrderEvent?: OrderEventResolvers<ContextType>;
  OrderLine?: OrderLineResolvers<ContextType>;
  OrderUpdate?: OrderUpdateResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PlaceOrderPayload?: PlaceOrderPayloadResolvers<ContextType>;
  PriceChange?: PriceChangeResolvers<ContextType>;
  PriceChangeLine?: PriceChangeLineResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  RetryPaymentPayload?: RetryPaymentPayloadResolvers<ContextType>;
  Shipment?: ShipmentResolvers<ContextType>;
  ShippingAddress?: ShippingAddressResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  Variant?: VariantResolvers<ContextType>;
};

