import { equals, type Money } from '#platform/money/money.ts';

/** A price a variant has, or had, and from when. It ends where the next one begins. */
export interface PriceVersion {
  readonly price: Money;
  readonly validFrom: Date;
}

/**
 * How far before the order a price may have ended that the customer was shown and agreed to; and how far the clock of
 * whoever took the order may be behind ours.
 */
export interface PriceTolerance {
  readonly quotedMs: number;
  readonly clockSkewMs: number;
}

export const PRICE_TOLERANCE: PriceTolerance = { quotedMs: 15 * 60_000, clockSkewMs: 5_000 };

/** The price at a moment; before the first one, the first. @param history in the order it was set; throws where it is empty. */
export function priceAt(history: readonly PriceVersion[], at: Date): Money {
  const version = history.findLast(({ validFrom }) => validFrom <= at) ?? history[0];
  if (version === undefined) throw new Error('A variant without a price.');
  return version.price;
}

/**
 * What a line is reserved at: the price the customer was quoted, if it was offered when they ordered or shortly before;
 * otherwise the price of that moment, which the order then compares with what it was quoted.
 * @param history in the order it was set.
 */
export function agreedPrice(
  history: readonly PriceVersion[],
  placedAt: Date,
  quoted: Money | null,
  { quotedMs, clockSkewMs }: PriceTolerance,
): Money {
  const offered = priceAt(history, placedAt);
  if (quoted === null || equals(offered, quoted)) return offered;
  const from = placedAt.getTime() - quotedMs;
  const until = placedAt.getTime() + clockSkewMs;
  const wasOffered = history.some(({ price: each, validFrom }, place) => {
    const end = history[place + 1]?.validFrom.getTime() ?? Number.POSITIVE_INFINITY;
    return equals(each, quoted) && validFrom.getTime() <= until && end > from;
  });
  return wasOffered ? quoted : offered;
}
