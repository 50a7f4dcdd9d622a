import { expect, test } from 'vitest';
import type { z } from 'zod';
import { isStorable, optionalLine, optionalProse, requiredLine, requiredProse } from './text.ts';

const accepts = (schema: z.ZodType, text: unknown) => schema.safeParse(text).success;

test.each(['\ud800', 'a\udfffb', '\udc00\ud800', 'a\0b'])(
  '%j cannot be stored, whatever it is for',
  (text) => {
    expect(isStorable(text)).toBe(false);
    for (const schema of [requiredLine(9), requiredProse(9), optionalLine(9), optionalProse(9)])
      expect(accepts(schema, text)).toBe(false);
  },
);

test.each(['a\u0001b', 'a\u007fb', 'a\u0085b', 'a\u001bb'])('%j is neither a line nor prose', (text) => {
  expect(accepts(requiredLine(9), text)).toBe(false);
  expect(accepts(requiredProse(9), text)).toBe(false);
});

test.each(['a\nb', 'a\tb', 'a\r\nb'])('%j is prose and no line', (text) => {
  expect(accepts(requiredLine(9), text)).toBe(false);
  expect(accepts(requiredProse(9), text)).toBe(true);
});

test.each(['Ada\u202egnp', 'a\u2066b', '\u202d', 'a\u2069'])(
  '%j turns round how its neighbours read, and is no line',
  (text) => {
    expect(accepts(requiredLine(9), text)).toBe(false);
    expect(accepts(optionalLine(9), text)).toBe(false);
  },
);

test.each(['\u200b', '\u00ad \u2060', '\u200d\u200d', '\u3164', '\u115f\ufe0f'])(
  '%j shows nothing, and is as good as empty',
  (text) => {
    for (const schema of [requiredLine(9), requiredProse(9)]) expect(accepts(schema, text)).toBe(false);
    for (const schema of [optionalLine(9), optionalProse(9)]) expect(schema.parse(text)).toBeNull();
  },
);

test.each(['👩‍👩‍👧', 'می‌خواهم', 'דוד\u200f', 'क्‍ष', 'Ada', 'Łódź', '東京', '💩', 'e\u0301', 'O’Neil'])(
  '%s is a line',
  (text) => {
    expect(requiredLine(9).parse(text)).toBe(text);
  },
);

test('blanks around it are cut off, what is empty then is refused or none, and what is too long is refused', () => {
  expect(requiredLine(3).parse('\n abc \t')).toBe('abc');
  expect(accepts(requiredLine(3), ' \u00a0 ')).toBe(false);
  expect([
    optionalLine(3).parse('  '),
    optionalLine(3).parse(undefined),
    optionalProse(3).parse(null),
  ]).toEqual([null, null, null]);
  expect(accepts(requiredLine(3), 'abcd')).toBe(false);
});
