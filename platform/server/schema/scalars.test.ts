import { parseValue as parseLiteralText } from 'graphql';
import { expect, test } from 'vitest';
import { CurrencyCode, DateTime, Decimal } from './scalars.ts';

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
  expect(CurrencyCode.parseValue('gbp')).toBe('GBP');
  expect(CurrencyCode.parseLiteral(parseLiteralText('"gBp"'))).toBe('GBP');
  for (const none of ['POUND', 'XXX', 'XAU', 'BGN', '', 5, null])
    expect(() => CurrencyCode.parseValue(none)).toThrow('ISO 4217');
});

test('a DateTime is of the years that PostgreSQL and ISO 8601 write alike', () => {
  expect(DateTime.parseValue('2026-01-02T03:04:05+02:00')).toEqual(new Date('2026-01-02T01:04:05Z'));
  for (const none of ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00', '-000001-01-01T00:00:00Z']) {
    expect(() => DateTime.parseValue(none)).toThrow();
    expect(() => DateTime.parseLiteral(parseLiteralText(JSON.stringify(none)))).toThrow();
  }
});

test('a DateTime between two milliseconds is later than the first of them and no later than the second', () => {
  const read = (text: string) => {
    const literal = DateTime.parseLiteral(parseLiteralText(JSON.stringify(text)));
    expect(literal).toEqual(DateTime.parseValue(text));
    return literal.toISOString();
  };
  for (const same of ['2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05.678000Z'])
    expect(read(same)).toBe('2026-01-02T03:04:05.678Z');
  for (const between of ['2026-01-02T03:04:05.6780001Z', '2026-01-02T05:04:05.6789+02:00'])
    expect(read(between)).toBe('2026-01-02T03:04:05.679Z');
  expect(read('9999-12-31T23:59:59.9999Z')).toBe('9999-12-31T23:59:59.999Z');
});
