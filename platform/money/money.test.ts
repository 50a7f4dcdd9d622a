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

test('minor digits are those of ISO 4217, whatever a Node’s own tables say', () => {
  // ICU counts these in other digits than the standard does.
  const digits = { AFN: 2, ALL: 2, IQD: 3, IRR: 2, LBP: 2, MGA: 2, UGX: 0, ISK: 0, JPY: 0, KWD: 3, XCG: 2 };
  for (const [code, count] of Object.entries(digits))
    expect([code, currencyDigits(code)]).toEqual([code, count]);
});

test('a currency is the same in whatever case it is written', () => {
  for (const currencyCode of ['EUR', 'eur', 'Eur'])
    expect(fromDecimal({ amount: '1', currencyCode })).toEqual({ minor: 100n, currencyCode: 'EUR' });
});

test('what money is not counted in today is refused, and still shown where it was stored', () => {
  for (const currencyCode of [
    'XXX',
    'XTS',
    'XAU',
    'CLF',
    'CHE',
    'BGN',
    'ANG',
    'HRK',
    'ZZZ',
    '',
    'GB',
    '\u0130SK',
  ])
    expect(fromDecimal({ amount: '1', currencyCode })).toBeNull();
  expect(toDecimal({ minor: 1250n, currencyCode: 'BGN' }).amount).toBe('12.50');
});

test('what is no currency is refused', () => {
  expect(() => currencyDigits('nonsense')).toThrow(RangeError);
});
