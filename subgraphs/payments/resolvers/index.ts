import { scalars } from '#platform/server/schema/scalars.ts';
import { Mutation } from './mutation.ts';
import { Order } from './order.ts';
import { Payment, PaymentConnection, PaymentTransaction } from './payment.ts';
import { Query } from './query.ts';
import { Refund } from './refund.ts';
import type { Resolvers } from './types.generated.ts';

const { CurrencyCode, DateTime, Decimal } = scalars;

export const resolvers = {
  CurrencyCode,
  DateTime,
  Decimal,
  Query,
  Mutation,
  Order,
  Payment,
  PaymentConnection,
  PaymentTransaction,
  Refund,
} satisfies Resolvers;
