import { z } from 'zod';
import { currencyDigits, fromDecimal, isCurrency, type Money, toDecimal } from '#platform/money/money.ts';

/** What PostgreSQL's bigint holds. */
const MINOR_AT_MOST = 2n ** 63n - 1n;

/**
 * Parses `MoneyInput`: an amount in no more digits than its currency has, of a currency that money is counted in today, in
 * whatever case it is written.
 * @param least and most in the smallest unit of the currency.
 */
export const moneyInput = ({ least, most = MINOR_AT_MOST }: { least: bigint; most?: bigint }) =>
  z.object({ amount: z.string(), currencyCode: z.string() }).transform((given, context): Money => {
    const refuse = (path: string, message: string) => {
      context.addIssue({ code: 'custom', path: [path], message });
      return z.NEVER;
    };
    if (!isCurrency(given.currencyCode)) return refuse('currencyCode', 'must be a currency of ISO 4217');
    const money = fromDecimal(given);
    if (money !== null && money.minor >= least && money.minor <= most) return money;
    const currencyCode = given.currencyCode.toUpperCase();
    const digits = currencyDigits(currencyCode);
    const [from, to] = [least, most].map((minor) => toDecimal({ minor, currencyCode }).amount);
    const written = digits === 0 ? 'no decimal digits' : `at most ${digits} decimal digits`;
    return refuse('amount', `must be an amount of ${currencyCode} from ${from} to ${to}, with ${written}`);
  });
