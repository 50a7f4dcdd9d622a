import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Money, fromDecimal } from '#platform/money/money.ts';
import { formerMinor, formerRequestHash, requestHash } from './request-hash.ts';

const money = (amount: string, currencyCode: string): Money => {
  const parsed = fromDecimal({ amount, currencyCode });
  if (parsed === null) throw new Error(`${amount} ${currencyCode} is no money`);
  return parsed;
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test.each([
  ['12.50', 'GBP', '12.5'],
  ['5000.00', 'HUF', '5000'],
  ['100', 'JPY', '100'],
  ['1.250', 'KWD', '1.25'],
  ['-0.50', 'EUR', '-0.5'],
  ['-0', 'EUR', '0'],
])('%s %s goes into the hash as it is written shortest, not as it is kept', (amount, currencyCode, text) => {
  expect(requestHash({ price: money(amount, currencyCode) })).toBe(
    sha256(`{"price":{"amount":"${text}","currencyCode":"${currencyCode}"}}`),
  );
});

test('a key of before is recognised by the minor units of before, and by no amount that could not be asked for then', () => {
  expect(formerRequestHash({ lines: [{ price: money('5000', 'HUF') }] })).toBe(
    sha256('{"lines":[{"price":{"minor":"5000","currencyCode":"HUF"}}]}'),
  );
  expect([
    formerMinor(money('7', 'IQD')),
    formerMinor(money('5000.50', 'HUF')),
    formerMinor(money('5.25', 'GBP')),
    formerMinor(money('0', 'COP')),
  ]).toEqual(['7', '5000.5', '525', '0']);
});

test('what holds no amount is remembered as it was before', () => {
  const request = { action: 'cancelOrder', orderId: 'x', more: [null, 1, 'y'] };
  expect(requestHash(request)).toBe(formerRequestHash(request));
});
