import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  currencyDigits,
  equals,
  fromDecimal,
  fromMessage,
  sum,
  times,
  toDecimal,
  toMessage,
} from './money.ts';

test.each([
  [1250n, 'GBP', '12.50'],
  [5n, 'GBP', '0.05'],
  [0n, 'GBP', '0.00'],
  [-5n, 'GBP', '-0.05'],
  [1250n, 'JPY', '1250'],
  [1250n, 'KWD', '1.250'],
])('%s minor units of %s are shown as %s', (minor, currencyCode, amount) => {
  expect(toDecimal({ minor, currencyCode })).toEqual({ amount, currencyCode });
});

test.each(['12.505', 'abc', '', '1e3', '1,50', ' 1', '.5'])('%s is no amount of GBP', (amount) => {
  expect(fromDecimal({ amount, currencyCode: 'GBP' })).toBeNull();
});

test('trailing zeros and missing digits mean the same amount', () => {
  for (const amount of ['12.5', '12.50', '12.5000'])
    expect(fromDecimal({ amount, currencyCode: 'GBP' })).toEqual({ minor: 1250n, currencyCode: 'GBP' });
});

test('an amount survives being shown, sent and read, however large', () => {
  const money = fc.record({
    minor: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
    currencyCode: fc.constantFrom('GBP', 'JPY', 'KWD', 'EUR'),
  });
  fc.assert(
    fc.property(money, (amount) => {
      expect(fromDecimal(toDecimal(amount))).toEqual(amount);
      expect(fromMessage(toMessage(amount))).toEqual(amount);
    }),
  );
});

test('sums stay exact and refuse to mix currencies', () => {
  expect(sum([times({ minor: 10n, currencyCode: 'GBP' }, 3), { minor: 1n, currencyCode: 'GBP' }])).toEqual({
    minor: 31n,
    currencyCode: 'GBP',
  });
  expect(() =>
    sum([
      { minor: 1n, currencyCode: 'GBP' },
      { minor: 1n, currencyCode: 'EUR' },
    ]),
  ).toThrow('EUR to GBP');
  expect(() => sum([])).toThrow(RangeError);
  expect(equals({ minor: 1n, currencyCode: 'GBP' }, { minor: 1n, currencyCode: 'EUR' })).toBe(false);
});

test('what is no currency is refused', () => {
  expect(() => currencyDigits('nonsense')).toThrow(RangeError);
});
