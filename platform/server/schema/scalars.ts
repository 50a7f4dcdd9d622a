import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLCountryCode, GraphQLDateTime, GraphQLEmailAddress } from 'graphql-scalars';
import { isCurrency } from '#platform/money/money.ts';

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

function parseCurrency(value: unknown): string {
  if (typeof value === 'string' && isCurrency(value)) return value.toUpperCase();
  throw new GraphQLError(
    'A CurrencyCode is a currency of ISO 4217 that is in use, such as "GBP"; no fund, no metal, not XXX.',
    { extensions: { code: 'BAD_USER_INPUT' } },
  );
}

/** What was stored is shown, also when its currency has ended since. */
export const CurrencyCode = new GraphQLScalarType<string, string>({
  name: 'CurrencyCode',
  description: 'A currency by its ISO 4217 code, such as "GBP". Read in any case, shown in capitals.',
  serialize: String,
  parseValue: parseCurrency,
  parseLiteral: (node) => parseCurrency(node.kind === Kind.STRING ? node.value : null),
});

const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Digits of a second that a Date has no room for, other than noughts. */
const BETWEEN_MILLISECONDS = /\.\d{3}\d*[1-9]/;

/**
 * Read as the end of its millisecond where it lies within one: what is told to the millisecond is then on the side of the
 * given moment that it belongs to.
 */
function toMillisecond(date: Date, written: unknown): Date {
  if (typeof written !== 'string' || !BETWEEN_MILLISECONDS.test(written)) return date;
  return new Date(Math.min(date.getTime() + 1, LAST_MS));
}

/** ISO 8601 and PostgreSQL write the years 1 to 9999 alike, and no others. */
function withinYears(date: Date): Date {
  const ms = date.getTime();
  if (ms >= FIRST_MS && ms <= LAST_MS) return date;
  throw new GraphQLError('A DateTime is of the years 0001 to 9999.', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

const dateTime = GraphQLDateTime.toConfig();
export const DateTime = new GraphQLScalarType<Date, unknown>({
  ...dateTime,
  parseValue: (value) => toMillisecond(withinYears(dateTime.parseValue(value)), value),
  parseLiteral: (node, variables) =>
    toMillisecond(
      withinYears(dateTime.parseLiteral(node, variables)),
      node.kind === Kind.STRING ? node.value : null,
    ),
});

/** Resolvers of the scalars that our schemas share; a subgraph spreads those that its schema declares. */
export const scalars = {
  CountryCode: GraphQLCountryCode,
  CurrencyCode,
  DateTime,
  Decimal,
  EmailAddress: GraphQLEmailAddress,
} as const;
