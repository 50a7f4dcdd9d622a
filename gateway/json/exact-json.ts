// JSON whose numbers keep their digits. JavaScript reads every number as a double: 9007199254740993 becomes …992, 1.0
// becomes 1, and 1e400 becomes Infinity and then null. A number that this would change is kept as its own text instead,
// and JSON.stringify writes that text again.
import { randomUUID } from 'node:crypto';

/** A number as it was written. `JSON.stringify` prints `rawJSON` as it is. Frozen, without a prototype. */
export interface ExactNumber {
  readonly rawJSON: string;
}

declare global {
  interface JSON {
    /** https://tc39.es/proposal-json-parse-with-source/ */
    rawJSON(text: string): ExactNumber;
    isRawJSON(value: unknown): value is ExactNumber;
    parse(
      text: string,
      reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/** Whole numbers up to here a double holds; those with fewer digits need not be looked at. */
const LONGEST_SAFE = String(Number.MAX_SAFE_INTEGER);
const ZERO = 48;
const NINE = 57;
/** What stands before a value, and what may come after the digits of a number. Strings have quotes there, or letters. */
const BEFORE = ':,[ \n\r\t';
const AFTER = ',}] \n\r\t.eE';
/** With fewer digits in all, a fraction is printed as it was read. */
const SAFE_DIGITS = 15;
/** A negative zero or an exponent; a first look that finds too much. */
const ZERO_OR_EXPONENT = /(?:-0|\d[eE][\d+-]\d*)[,\]}\s]/;
const NUMBER = /[:,[]\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=\s*[,\]}])/g;

const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
/** What lies deeper than so many levels is given to nobody, and its numbers may be anything. */
const READ_LEVELS = 1_200;

/** An object or a list: a number that is the whole text is not looked for. */
const NESTED = /^\s*[{[]/;

/**
 * Reads JSON text; a number that a double would change becomes an {@link ExactNumber}. Without such a number it costs one
 * look at the text more than `JSON.parse`.
 * @throws {SyntaxError} when it is no JSON
 */
export function parseExactJson(text: string): unknown {
  return needsSource(text) ? parseWithSource(text) : JSON.parse(text);
}

/**
 * As {@link parseExactJson}, for text of which the reader knows that its fractions and exponents are read as doubles in
 * any case: only whole numbers of many digits are kept. Costs next to nothing where there are none.
 */
export function parseExactIntegers(text: string): unknown {
  return hasLongInteger(text) ? parseWithSource(text) : JSON.parse(text);
}

/**
 * Reads the JSON text of a GraphQL request, of a batch of them, or of a socket's message whose `payload` is one: numbers
 * are exact in `variables` and doubles everywhere else.
 * @throws {SyntaxError} when it is no JSON
 */
export function parseRequestJson(text: string): unknown {
  return needsSource(text) ? exactVariablesOnly(parseWithSource(text)) : JSON.parse(text);
}

/** A number, whichever way it was kept; anything else as it is. */
export function toDouble(value: unknown): unknown {
  return isExactNumber(value) ? Number(value.rawJSON) : value;
}

/** The digits of a whole number that is kept as an exact one, `undefined` for anything else. */
export function wholeText(value: unknown): string | undefined {
  if (!isExactNumber(value)) return undefined;
  return /^-?\d+$/.test(value.rawJSON) && Number(value.rawJSON) !== 0 ? value.rawJSON : undefined;
}

/** A number as an id, `undefined` when it is no whole number. */
export function idText(value: unknown): string | undefined {
  const double = toDouble(value);
  return wholeText(value) ?? (Number.isInteger(double) ? String(double) : undefined);
}

export function isExactNumber(value: unknown): value is ExactNumber {
  return JSON.isRawJSON(value);
}

/** The value with doubles for all exact numbers in it, down to so many levels; the same one when it has none. */
export function withDoubles(value: unknown, levels = READ_LEVELS): unknown {
  if (typeof value !== 'object' || value === null || levels === 0) return value;
  if (isExactNumber(value)) return Number(value.rawJSON);
  if (Array.isArray(value)) {
    const items = value.map((item) => withDoubles(item, levels - 1));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const before = Object.entries(value);
  const after = before.map(([key, inner]): [string, unknown] => [key, withDoubles(inner, levels - 1)]);
  return after.every(([, inner], index) => inner === before[index]?.[1]) ? value : Object.fromEntries(after);
}

function exactVariablesOnly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(exactVariablesOnly);
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return withDoubles(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'variables') return [key, inner];
      return [key, key === 'payload' ? exactVariablesOnly(inner) : withDoubles(inner)];
    }),
  );
}

function needsSource(text: string): boolean {
  return hasLongInteger(text) || hasUnusualNumber(text) || !NESTED.test(text);
}

function parseWithSource(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined && String(value) !== source
        ? JSON.rawJSON(source)
        : value,
    );
  } catch (error) {
    // With a reviver `JSON.parse` calls itself for each level, and some text has thousands. Without it, it does not.
    if (error instanceof RangeError) return parseDeep(text);
    throw error;
  }
}

/** Reads each number that a double would change as an object that tells its text, and puts the exact number there. */
function parseDeep(text: string): unknown {
  // Nobody else can have a key of this name.
  const mark = randomUUID();
  const marked = text.replaceAll(STRING_OR_NUMBER, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `{"${mark}":"${token}"}`,
  );
  const exact = (value: unknown, levels: number): unknown => {
    if (typeof value !== 'object' || value === null || levels === 0) return value;
    if (Object.hasOwn(value, mark)) return JSON.rawJSON(String((value as Record<string, unknown>)[mark]));
    for (const [key, before] of Object.entries(value)) {
      const after = exact(before, levels - 1);
      if (after !== before)
        Object.defineProperty(value, key, {
          value: after,
          configurable: true,
          enumerable: true,
          writable: true,
        });
    }
    return value;
  };
  return exact(JSON.parse(marked), READ_LEVELS);
}

/** Whether a whole number that a double may not hold stands in the text. Looks at every sixteenth character only. */
function hasLongInteger(text: string): boolean {
  for (let at = LONGEST_SAFE.length - 1; at < text.length; at += LONGEST_SAFE.length) {
    if (!isDigit(text, at)) continue;
    let start = at;
    while (start > 0 && isDigit(text, start - 1)) start -= 1;
    let end = at + 1;
    while (end < text.length && isDigit(text, end)) end += 1;
    if (end - start >= LONGEST_SAFE.length && isLongInteger(text, start, end)) return true;
    // The next look is behind these digits, so that text of many digits is gone through once.
    at = end - 1;
  }
  return false;
}

function isLongInteger(text: string, start: number, end: number): boolean {
  const before = text[start - 1] === '-' ? text[start - 2] : text[start - 1];
  if (before !== undefined && !BEFORE.includes(before)) return false;
  const after = text[end];
  if (after !== undefined && !AFTER.includes(after)) return false;
  return end - start > LONGEST_SAFE.length || text.slice(start, end) > LONGEST_SAFE;
}

/** Whether a number stands in the text that JavaScript writes otherwise: `1.0`, `1e2`, `-0`, or one of many digits. */
function hasUnusualNumber(text: string): boolean {
  if (!hasUnusualFraction(text) && !ZERO_OR_EXPONENT.test(text)) return false;
  for (const [, number = ''] of text.matchAll(NUMBER)) if (String(Number(number)) !== number) return true;
  return false;
}

/** Goes from one full stop to the next, which is faster than any expression: most of them stand in strings. */
function hasUnusualFraction(text: string): boolean {
  for (let stop = text.indexOf('.'); stop !== -1; stop = text.indexOf('.', stop + 1)) {
    if (!isDigit(text, stop - 1)) continue;
    let end = stop + 1;
    while (isDigit(text, end)) end += 1;
    if (!AFTER.includes(text.charAt(end))) continue;
    if (text.charCodeAt(end - 1) === ZERO || end - stop > SAFE_DIGITS / 2 || isLongBefore(text, stop))
      return true;
  }
  return false;
}

/** Whether the digits before `end` are so many that together with some more they are too many. */
function isLongBefore(text: string, end: number): boolean {
  const start = end - Math.ceil(SAFE_DIGITS / 2);
  for (let at = end - 1; at >= start; at -= 1) if (!isDigit(text, at)) return false;
  return true;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= ZERO && code <= NINE;
}
