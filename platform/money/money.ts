import { z } from 'zod';
import { CURRENCIES, OTHER_CODES } from './currencies.generated.ts';

/** An exact amount in the currency's smallest unit (pence, cents; yen have none smaller). */
export interface Money {
  readonly minor: bigint;
  /** ISO 4217. */
  readonly currencyCode: string;
}

/** Money inside a message: JSON has no bigint. */
export const moneyMessage = z.object({
  minor: z.string().regex(/^-?\d+$/),
  currencyCode: z.string().length(3),
});
export type MoneyMessage = z.infer<typeof moneyMessage>;

/** Money as GraphQL shows it: `{ amount: "12.50", currencyCode: "GBP" }`. */
export interface DecimalMoney {
  amount: string;
  currencyCode: string;
}

/** Whether money is counted in it today, in whatever case it is written: no ended currency, fund or metal, no XXX. */
export function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/i.test(code) && Object.hasOwn(CURRENCIES, code.toUpperCase());
}

/**
 * How many decimal digits the currency has, by ISO 4217; of one that is none any more, how it was counted here. Throws
 * RangeError on what is no ISO 4217 code.
 */
export function currencyDigits(currencyCode: string): number {
  const digits = CURRENCIES[currencyCode] ?? OTHER_CODES[currencyCode];
  if (digits === undefined) throw new RangeError(`${currencyCode} is no code of ISO 4217.`);
  return digits;
}

export function toDecimal({ minor, currencyCode }: Money): DecimalMoney {
  const digits = currencyDigits(currencyCode);
  const sign = minor < 0n ? '-' : '';
  const text = (minor < 0n ? -minor : minor).toString().padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return { amount: sign + (digits === 0 ? whole : `${whole}.${text.slice(-digits)}`), currencyCode };
}

/**
 * The reverse of {@link toDecimal}, in whatever case the currency is written; null where it is none, where the amount has
 * more digits than the currency, or is no decimal number.
 */
export function fromDecimal({ amount, currencyCode: code }: DecimalMoney): Money | null {
  if (!isCurrency(code)) return null;
  const currencyCode = code.toUpperCase();
  const digits = currencyDigits(currencyCode);
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(amount);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  const significant = fraction.replace(/0+$/, '');
  if (significant.length > digits) return null;
  const minor = BigInt(whole + significant.padEnd(digits, '0'));
  return { minor: sign === '-' ? -minor : minor, currencyCode };
}

export const toMessage = ({ minor, currencyCode }: Money): MoneyMessage => ({
  minor: minor.toString(),
  currencyCode,
});

export const fromMessage = ({ minor, currencyCode }: MoneyMessage): Money => ({
  minor: BigInt(minor),
  currencyCode,
});

export function times(money: Money, quantity: number): Money {
  return { minor: money.minor * BigInt(quantity), currencyCode: money.currencyCode };
}

/** Throws on different currencies or no amounts at all: the caller decides what an empty or mixed sum means. */
export function sum(amounts: readonly Money[]): Money {
  const [first, ...rest] = amounts;
  if (first === undefined) throw new RangeError('No amounts to sum.');
  let minor = first.minor;
  for (const amount of rest) {
    if (amount.currencyCode !== first.currencyCode)
      throw new RangeError(`Cannot add ${amount.currencyCode} to ${first.currencyCode}.`);
    minor += amount.minor;
  }
  return { minor, currencyCode: first.currencyCode };
}

export function equals(a: Money, b: Money): boolean {
  return a.minor === b.minor && a.currencyCode === b.currencyCode;
}
