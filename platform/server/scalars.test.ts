import { parseValue as parseLiteralText } from 'graphql';
import { expect, test } from 'vitest';
import { CurrencyCode, Decimal } from './scalars.ts';

test('a Decimal keeps its digits, as a string, an integer or a literal without quotes', () => {
  expect(Decimal.parseValue('12.50')).toBe('12.50');
  expect(Decimal.parseValue(12)).toBe('12');
  for (const literal of ['12.50', '"12.50"'])
    expect(Decimal.parseLiteral(parseLiteralText(literal))).toBe('12.50');
});

test.each([12.5, '1e3', 'abc', '', null, true, {}])('%s is refused as a Decimal, with the mend', (value) => {
  expect(() => Decimal.parseValue(value)).toThrow('string of decimal digits');
});

test('a CurrencyCode is an ISO 4217 code', () => {
  expect(CurrencyCode.parseValue('GBP')).toBe('GBP');
  expect(() => CurrencyCode.parseValue('POUND')).toThrow();
});
