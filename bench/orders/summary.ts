export interface Summary {
  readonly median: number;
  readonly p99: number;
}

/** In the unit of the values, to a tenth. */
export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) /
    10;
  return { median: at(0.5), p99: at(0.99) };
}
