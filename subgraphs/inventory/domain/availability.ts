/** What the public is told of a stock: whether to hurry, not how much there is. */
export type Availability = 'IN_STOCK' | 'LOW_STOCK' | 'OUT_OF_STOCK';

/** So few are told exactly: "only 3 left". */
export const LOW_STOCK_AT_MOST = 10;
const STEPS = [100, 50, 20, LOW_STOCK_AT_MOST];

export function availabilityOf(units: number): Availability {
  if (units <= 0) return 'OUT_OF_STOCK';
  return units <= LOW_STOCK_AT_MOST ? 'LOW_STOCK' : 'IN_STOCK';
}

/** The units that the public is told of: no more than there are, and exactly only where there are few. */
export function publicUnits(units: number): number {
  return STEPS.find((step) => units >= step) ?? Math.max(0, units);
}
