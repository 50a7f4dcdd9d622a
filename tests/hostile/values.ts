import fc from 'fast-check';
import {
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputObjectType,
} from 'graphql';
import { uuidv7 } from 'uuidv7';

/** Values that get through, by the name of the field or argument, so that hostile ones beside them get deep into the code. */
export type GoodValues = Readonly<Record<string, readonly unknown[]>>;

const LONE_SURROGATES = ['\ud800', 'a\udfffb', '\udc00\ud800', '\ud83d'];
const CONTROL_CHARACTERS = ['\0', 'a\0b', '\u0001', 'tab\there', 'line\nbreak', '\u007f', '\u0085', '\u2028'];
const TEXTS = [
  ...LONE_SURROGATES,
  ...CONTROL_CHARACTERS,
  '',
  ' ',
  '\u00a0\ufeff',
  '\u202eevil',
  '💩'.repeat(60),
  'x'.repeat(201),
  'x'.repeat(70_000),
  "'; drop table orders; --",
  '%_\\',
  '\\u0000',
  '__proto__',
  'constructor',
  'null',
  '{"a":1}',
  'mug',
  'ﬀ ß İ',
  '00000000-0000-0000-0000-000000000000',
  '0190A000-0000-7000-8000-000000000001',
  'name 0190a000-0000-7000-8000-000000000001 x',
];
/** As cursors come. */
const CURSORS = [...TEXTS, 'score 0190a000-0000-7000-8000-000000000001 9999999999 x'].map((text) =>
  Buffer.from(text).toString('base64url'),
);

const SCALARS: Readonly<Record<string, readonly unknown[]>> = {
  String: [...TEXTS, ...CURSORS],
  ID: [...TEXTS, 5, 2 ** 60, -1, 1.5],
  Int: [1, 100, 101, 1_000, 2_147_483_647, -2_147_483_648, 2_147_483_648, 1.5, '1', 'x', Number.NaN],
  Boolean: [true, false, 'true', 1],
  Decimal: [
    '0',
    '-0',
    '0.00',
    '-1',
    '1',
    '00012',
    '12.50',
    '12.505',
    '0.001',
    '.5',
    '5.',
    '1e3',
    '+1',
    '',
    '١٢',
    'NaN',
    '0x10',
    '92233720368547758.07',
    '92233720368547758.08',
    '9223372036854775807',
    '9223372036854775808',
    '999999999999999999',
    '-999999999999999999',
    '999999999999999999.999999999',
    '9'.repeat(400),
  ],
  CurrencyCode: [
    'GBP',
    'gbp',
    'Gbp',
    'EUR',
    'JPY',
    'KWD',
    'CLF',
    'UYW',
    'XXX',
    'XTS',
    'XAU',
    'DEM',
    'HRK',
    'ZZZ',
    'usn',
    '',
    'GB',
    'GBPX',
    'G\0P',
    'ﬀX',
    '\ud800AB',
  ],
  CountryCode: ['GB', 'gb', 'XX', '', 'GBR', 'G\0', '\ud800B', 'ß', 5],
  DateTime: [
    '0000-01-01T00:00:00Z',
    '0000-12-31T23:59:59.999Z',
    '0001-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '+275760-09-13T00:00:00.000Z',
    '+010000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '10000-01-01T00:00:00Z',
    '2020-02-30T00:00:00Z',
    '2020-01-01',
    '2020-01-01T00:00:00',
    '2020-01-01T24:00:00Z',
    '2016-12-31T23:59:60Z',
    '2020-01-01T00:00:00+23:59',
    '0001-01-01T00:00:00+14:00',
    '2020-01-01T00:00:00.123456789Z',
    '',
    '\0',
    'now',
    8.64e15,
    -62_200_000_000_000,
  ],
  EmailAddress: [
    'ada@example.com',
    'ADA@EXAMPLE.COM',
    'a\0@example.com',
    '\ud800@example.com',
    '',
    '@',
    `${'x'.repeat(300)}@example.com`,
    'ä@example.com',
    'a@b',
  ],
};

const DEEP = Array.from({ length: 30 }).reduce<unknown>((inner) => ({ input: [inner] }), 'x');

/** Anything at all, of that type more often than not. @param malice how often it is a bad one, beside 60 good ones. */
export function hostileValue(
  type: GraphQLInputType,
  name: string,
  good: GoodValues,
  malice = 50,
): fc.Arbitrary<unknown> {
  if (isNonNullType(type))
    return fc.oneof(
      { weight: 100, arbitrary: hostileValue(type.ofType, name, good, malice) },
      constant(null),
    );
  return fc.oneof(
    { weight: 60, arbitrary: goodValue(type, name, good) },
    { weight: malice, arbitrary: nastyValue(type, name, good) },
    constant(null),
    { weight: 3, arbitrary: fc.constantFrom<unknown>('a text', 7, true, [], {}, DEEP) },
  );
}

const constant = (value: unknown) => ({ weight: 2, arbitrary: fc.constant(value) });

function goodValue(type: GraphQLInputType, name: string, good: GoodValues): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return goodValue(type.ofType, name, good);
  if (isListType(type))
    return fc.array(fc.oneof(...both(type.ofType, name, good)), { minLength: 1, maxLength: 3 });
  if (isInputObjectType(type)) return objectOf(type, good, 93);
  if (name === 'idempotencyKey') return fc.constant(null).map(() => uuidv7());
  const known = good[name];
  if (known !== undefined) return fc.constantFrom(...known);
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map((value) => value.name));
  return fc.constantFrom(...(SCALARS[type.name] ?? TEXTS));
}

function nastyValue(type: GraphQLInputType, name: string, good: GoodValues): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) return nastyValue(type.ofType, name, good);
  if (isListType(type)) {
    const item = fc.oneof(...both(type.ofType, name, good));
    return fc.oneof(
      item,
      fc.constant([]),
      fc.array(item, { maxLength: 4 }),
      item.map((one) => Array.from({ length: 101 }, () => one)),
    );
  }
  if (isInputObjectType(type))
    return fc.oneof(objectOf(type, good, 60), fc.constant({}), fc.constant({ unknown: 1 }));
  if (isEnumType(type)) return fc.constantFrom('NO_SUCH', '', 0, 'pending');
  return fc.constantFrom(...(SCALARS[type.name] ?? TEXTS));
}

const both = (type: GraphQLInputType, name: string, good: GoodValues) =>
  [goodValue(type, name, good), hostileValue(type, name, good)] as const;

/** @param goodness how many of a hundred fields are as they should be. */
function objectOf(type: GraphQLInputObjectType, good: GoodValues, goodness: number): fc.Arbitrary<unknown> {
  const fields = Object.values(type.getFields()).map(({ name, type: of }) => {
    const value = fc.oneof(
      { weight: goodness, arbitrary: goodValue(of, name, good) },
      { weight: 100 - goodness, arbitrary: hostileValue(of, name, good) },
    );
    const optional = isNonNullType(of) ? 1 : 60;
    return [
      name,
      fc.oneof({ weight: optional, arbitrary: fc.constant(undefined) }, { weight: 100, arbitrary: value }),
    ] as const;
  });
  return fc.record(Object.fromEntries(fields));
}
