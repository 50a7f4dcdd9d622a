import { scalars } from '#platform/server/schema/scalars.ts';
import { Mutation } from './mutation.ts';
import { Query } from './query.ts';
import type { Resolvers } from './types.generated.ts';
import { User } from './user.ts';

export const resolvers = {
  CountryCode: scalars.CountryCode,
  DateTime: scalars.DateTime,
  EmailAddress: scalars.EmailAddress,
  Query,
  Mutation,
  User,
} satisfies Resolvers;
