import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isExactNumber,
  parseExactIntegers,
  parseExactJson,
  parseRequestJson,
  toDouble,
  withDoubles,
} from './exact-json.ts';

const NUMBERS = [
  '9007199254740993',
  '-9007199254740993',
  '-9223372036854775808',
  '18446744073709551615',
  '1.0',
  '-1.50',
  '-0',
  '-0.0',
  '0.0',
  '1e400',
  '1E+2',
  '-2.5e-7',
  '0.0000001',
  '3.14159265358979323846',
  '12345678.123456789012',
];
const PLAIN = ['0', '1', '-17', '4.5', '0.1', '1700000000000000', '9007199254740991'];

test.each([...NUMBERS, ...PLAIN])('%s is written as it was read, wherever it stands', (number) => {
  for (const text of [
    number,
    `{"a":${number}}`,
    `[${number}]`,
    `[1,${number},2]`,
    `{"data":{"list":[{"x":"y","v":${number}}]}}`,
  ])
    expect(JSON.stringify(parseExactJson(text))).toBe(text);
});

test.each(PLAIN)('%s stays an ordinary number', (number) => {
  expect(parseExactJson(`[${number}]`)).toEqual([Number(number)]);
});

test('white space around a number makes no difference', () => {
  const text = '{ "a" :\n 9007199254740993 , "b" : [ 1.0\n, 1e400 ] }';
  expect(JSON.stringify(parseExactJson(text))).toBe('{"a":9007199254740993,"b":[1.0,1e400]}');
});

test('whole numbers alone are kept where fractions are read as doubles anyway', () => {
  const text = '{"id":9007199254740993,"price":10.5}';
  expect(JSON.stringify(parseExactIntegers(text))).toBe(text);
  expect(parseExactIntegers('{"price":10.0,"much":1e3}')).toEqual({ price: 10, much: 1000 });
});

test('digits in strings are no numbers, and what is no JSON is refused', () => {
  const value = {
    card: '4111111111111111',
    note: 'order 12345678901234567, price 1.0, and [1e9]',
    ['1234567890123456789']: true,
  };
  expect(parseExactJson(JSON.stringify(value))).toEqual(value);
  expect(() => parseExactJson('{"a":9007199254740993')).toThrow(SyntaxError);
});

test('doubles are there for who needs them', () => {
  const value = parseExactJson('{"a":[1.0,{"b":1e400}],"c":"x"}');
  expect(withDoubles(value)).toEqual({ a: [1, { b: Infinity }], c: 'x' });
  const plain = { a: [1, { b: 2 }] };
  expect(withDoubles(plain)).toBe(plain);
  const number = parseExactJson('9007199254740993');
  expect(isExactNumber(number)).toBe(true);
  expect(toDouble(number)).toBe(9_007_199_254_740_992);
});

test('of a request, alone, in a batch or in a message, the variables are exact and nothing else is', () => {
  const request = '{"query":"{ a }","variables":{"n":[1.0]},"extensions":{"version":1.0,"big":1e2}}';
  const read = '{"query":"{ a }","variables":{"n":[1.0]},"extensions":{"version":1,"big":100}}';
  for (const around of ['?', '[?,?]', '{"id":"1","type":"subscribe","payload":?}'])
    expect(JSON.stringify(parseRequestJson(around.replaceAll('?', request)))).toBe(
      around.replaceAll('?', read),
    );
  expect(() => parseRequestJson('{')).toThrow(SyntaxError);
});

test('it reads whatever JSON.parse reads, and all numbers come out as they went in', () => {
  const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/);
  const value = fc.oneof(
    digits,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('true', 'null', '{}', '[]'),
  );
  const list = fc.array(value).map((items) => `[${items.join(',')}]`);
  const object = fc
    .array(fc.tuple(fc.string(), fc.oneof(value, list)))
    .map(
      (entries) =>
        `{${entries.map(([key, text], i) => `${JSON.stringify(`k${i}${key}`)}:${text}`).join(',')}}`,
    );
  fc.assert(
    fc.property(fc.oneof(value, list, object), (text) => {
      const read = parseExactJson(text);
      expect(withDoubles(read)).toEqual(JSON.parse(text));
      const numbers = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
      const written = JSON.stringify(read).replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
      expect(written).toBe(numbers);
    }),
  );
});

test.each(['[', '{"a":'])(
  'numbers beside %s nested by the thousand are kept, and text like a number',
  (open) => {
    const deep = `${open.repeat(20_000)}1.0${(open === '[' ? ']' : '}').repeat(20_000)}`;
    const text = `{"deep":${deep},"__proto__":1.0,"text":"\\"1.0,\\\\","list":[9007199254740993,1e400,-0,7,"2.0"]}`;
    const { deep: _deep, ...rest } = parseExactJson(text) as Record<string, unknown>;
    expect(JSON.stringify(rest)).toBe(text.replace(`"deep":${deep},`, ''));
    expect(() => parseExactJson(text.replace('-0', '-00'))).toThrow(SyntaxError);
    expect(() => parseRequestJson(`{"extensions":${deep}}`)).not.toThrow();
  },
);
