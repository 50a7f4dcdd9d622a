import { z } from 'zod';
import { fromDecimal, type Money } from '#platform/money/money.ts';

/** In the smallest unit: far beyond any price, far within bigint, also times a quantity. */
const PRICE_MINOR_AT_MOST = 1_000_000_000_000n;

/** Parses `MoneyInput` into a price: more than nothing, in no more digits than its currency has. */
export const price = z
  .object({ amount: z.string(), currencyCode: z.string() })
  .transform((input, context): Money => {
    const money = fromDecimal(input);
    if (money !== null && money.minor > 0n && money.minor <= PRICE_MINOR_AT_MOST) return money;
    context.addIssue({
      code: 'custom',
      path: ['amount'],
      message: `${input.amount} ${input.currencyCode} is no price.`,
    });
    return z.NEVER;
  });
