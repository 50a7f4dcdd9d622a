import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLCountryCode, GraphQLCurrency, GraphQLDateTime, GraphQLEmailAddress } from 'graphql-scalars';

const DECIMAL = /^-?\d{1,18}(\.\d{1,9})?$/;

function parseDecimal(value: unknown): string {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text === 'string' && DECIMAL.test(text)) return text;
  throw new GraphQLError('A Decimal is written as a string of decimal digits, such as "12.50".', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** An exact decimal number, as a string both ways so that no client reads it into a float. */
export const Decimal = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  description: 'An exact decimal number, written as a string such as "12.50".',
  serialize: parseDecimal,
  parseValue: parseDecimal,
  parseLiteral(node) {
    // A literal keeps its digits, so 12.50 without quotes is as exact as with them.
    if (node.kind === Kind.STRING || node.kind === Kind.INT || node.kind === Kind.FLOAT)
      return parseDecimal(node.value);
    throw new GraphQLError('A Decimal is written as a string of decimal digits, such as "12.50".', {
      nodes: node,
    });
  },
});

export const CurrencyCode = new GraphQLScalarType({ ...GraphQLCurrency.toConfig(), name: 'CurrencyCode' });

/** Resolvers of the scalars that our schemas share; a subgraph spreads those that its schema declares. */
export const scalars = {
  CountryCode: GraphQLCountryCode,
  CurrencyCode,
  DateTime: GraphQLDateTime,
  Decimal,
  EmailAddress: GraphQLEmailAddress,
} as const;
