import { moneyInput } from '#platform/input/money.ts';
import { requiredLine } from '#platform/input/text.ts';

/** In the smallest unit: far beyond any price, far within bigint, also times a quantity. */
const PRICE_MINOR_AT_MOST = 1_000_000_000_000n;

/** Parses `MoneyInput` into a price: more than nothing, in no more digits than its currency has. */
export const price = moneyInput({ least: 1n, most: PRICE_MINOR_AT_MOST });

/** Of a variant that is there: SKUs are written in capitals, and however somebody writes one, it is the same. */
export const sku = requiredLine(100).transform((text) => text.toUpperCase());
