import { scalars } from '#platform/server/schema/scalars.ts';
import { Mutation } from './mutation.ts';
import { Order, OrderConnection, OrderLine, OrderUpdate, User } from './order.ts';
import { Query } from './query.ts';
import { Subscription } from './subscription.ts';
import type { Resolvers } from './types.generated.ts';

const { CountryCode, CurrencyCode, DateTime, Decimal } = scalars;

export const resolvers = {
  CountryCode,
  CurrencyCode,
  DateTime,
  Decimal,
  Mutation,
  Order,
  OrderConnection,
  OrderLine,
  OrderUpdate,
  Query,
  Subscription,
  User,
} satisfies Resolvers;
