/** Levels of a value of a custom scalar. What writes JSON calls itself for each, once a number in it is exact. */
export const MAX_VALUE_DEPTH = 1_000;

/** Whether a value of a custom scalar is one that is not passed on. */
export function isTooDeep(value: unknown): boolean {
  return !isWithin(value, MAX_VALUE_DEPTH);
}

/** Whether objects and lists are nested no more than so many levels deep. Calls itself so often at most. */
export function isWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isWithin(item, levels - 1)) return false;
    return true;
  }
  for (const inner of Object.values(value)) if (!isWithin(inner, levels - 1)) return false;
  return true;
}
