/**
 * What an idempotency key remembers of its request: a hash of the parsed input. Amounts go into it as their decimal text, so
 * that it does not change with how money is kept.
 *
 * Keys of before hold amounts in the minor units that were counted in then: those of the Node's own tables (ICU), which
 * have fewer digits for some currencies than ISO 4217. Such a hash is recognised as well, and never written.
 */
import { createHash } from 'node:crypto';
import { currencyDigits, type Money } from '#platform/money/money.ts';

/** Of a parsed input: plain data, and amounts as `Money`. */
export function requestHash(request: unknown): string {
  return hashOf(request, ({ minor, currencyCode }) => ({
    amount: decimalText(minor, currencyDigits(currencyCode)),
    currencyCode,
  }));
}

/** The hash that the same request was given before. */
export function formerRequestHash(request: unknown): string {
  return hashOf(request, (money) => ({ minor: formerMinor(money), currencyCode: money.currencyCode }));
}

/** How many digits less than by ISO 4217 were kept, as the migrations "minor-units-of-the-standard" have it. */
const FORMERLY_WITHOUT: Readonly<Record<string, number>> = {
  IQD: 3,
  ...Object.fromEntries(
    [
      'AFN',
      'ALL',
      'COP',
      'HUF',
      'IDR',
      'IRR',
      'KPW',
      'LAK',
      'LBP',
      'MGA',
      'MMK',
      'PKR',
      'SOS',
      'SYP',
      'YER',
    ].map((code) => [code, 2]),
  ),
};

/** In the minor units of before; with a fraction where it could not have been asked for, so that it is like none. */
export function formerMinor({ minor, currencyCode }: Money): string {
  return decimalText(minor, FORMERLY_WITHOUT[currencyCode] ?? 0);
}

/** `1250n` of 2 digits as `12.5`: no digit more than it takes. */
function decimalText(minor: bigint, digits: number): string {
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  const fraction = text.slice(text.length - digits).replace(/0+$/, '');
  return `${minor < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function hashOf(request: unknown, written: (money: Money) => object): string {
  const text = JSON.stringify(request, (_, value: unknown) => (isMoney(value) ? written(value) : value));
  return createHash('sha256').update(text).digest('hex');
}

function isMoney(value: unknown): value is Money {
  return (
    typeof value === 'object' &&
    value !== null &&
    'minor' in value &&
    typeof value.minor === 'bigint' &&
    'currencyCode' in value &&
    typeof value.currencyCode === 'string'
  );
}
