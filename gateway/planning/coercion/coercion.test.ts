import fc from 'fast-check';
import { buildSchema, getVariableValues, parse, type OperationDefinitionNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createCoercion } from './coercion.ts';

const schema = buildSchema(`
  scalar Any
  enum Colour { RED GREEN }
  input Filter { tags: [String!] = ["x"] deep: Int colour: Colour inner: Filter any: Any }
  type Query { find(filter: Filter, ids: [ID!], n: Int! = 1, any: Any): Int }
`);

function operationOf(source: string): OperationDefinitionNode {
  const [operation] = parse(source).definitions;
  if (operation?.kind !== 'OperationDefinition') throw new Error('expected an operation');
  return operation;
}

const coercion = (variables: string, hideSuggestions = false) =>
  createCoercion(schema, operationOf(`query (${variables}) { find }`), hideSuggestions);

function refused(coerced: ReturnType<ReturnType<typeof coercion>>) {
  if (!('errors' in coerced)) throw new Error('expected errors');
  return coerced.errors;
}

const keys = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`key${i}`, i]));
const nested = (depth: number, inner: unknown) => {
  let value = inner;
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { inner: value } : { any: value };
  return value;
};
const list = (depth: number) => {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
};

it('all variables of a request share the room for values', () => {
  const ints = (n: number) => Array.from({ length: n }, () => 1);
  const coerce = coercion('$v: [Int!], $w: [Int!], $x: Int');
  const [error] = refused(coerce({ v: ints(150_000), w: ints(60_000), x: 1 }));
  expect(error?.message).toMatch(/^Variable "\$w" has too many values: 200000 /);
  const fitting = { v: ints(100_000), w: ints(50_000), x: 1, unknown: ints(300_000) };
  expect(coerce(fitting)).toHaveProperty('variables.x', 1);
});

it('an object is looked at once, however many of its keys are wrong', () => {
  let looks = 0;
  const v = new Proxy(keys(100), {
    ownKeys(target) {
      looks += 1;
      return Reflect.ownKeys(target);
    },
  });
  expect(refused(coercion('$v: Filter')({ v }))).toHaveLength(51);
  expect(looks).toBeLessThan(20);
});

describe('variables that do not fit are refused in few words', () => {
  it.each([
    ['4,000 unknown keys', '$v: Filter', keys(4_000)],
    ['60,000 unknown keys', '$v: Filter', keys(60_000)],
    ['60,000 unknown keys in each of many', '$v: [Filter]', Array.from({ length: 5 }, () => keys(12_000))],
    ['250,000 wrong items', '$v: [ID!]', Array.from({ length: 250_000 }, () => ({}))],
    ['a list where a number belongs', '$v: Int', Array.from({ length: 250_000 }, () => 1)],
    ['an object of many keys where a number belongs', '$v: Int', keys(60_000)],
    ['huge texts', '$v: [Int]', Array.from({ length: 60 }, () => 'x'.repeat(16_000))],
    ['a huge key', '$v: Filter', { ['k'.repeat(1_000_000)]: 1 }],
    ['a huge enum value', '$v: Filter', { colour: 'R'.repeat(1_000_000) }],
    ['100,000 levels of lists', '$v: Any', list(100_000)],
    ['300,000 items', '$v: [Int!]', Array.from({ length: 300_000 }, () => 1)],
    [
      '300,000 items in lists',
      '$v: Any',
      Array.from({ length: 1_000 }, () => Array.from({ length: 300 }, () => 1)),
    ],
    ['40,000 empty objects', '$v: [Filter!]', Array.from({ length: 40_000 }, () => ({}))],
    ['100,000 levels of lists for ids', '$v: [ID!]', list(100_000)],
    ['100,000 levels of objects', '$v: Filter', nested(100_000, 1)],
  ])('%s', (_what, definition, v) => {
    const started = performance.now();
    const errors = refused(coercion(definition)({ v }));
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(errors.length).toBeLessThanOrEqual(51);
    expect(JSON.stringify(errors).length).toBeLessThan(40_000);
    expect(new Set(errors.map(({ extensions }) => extensions['code']))).toEqual(new Set(['BAD_USER_INPUT']));
  });

  it('and with the place of each', () => {
    const errors = refused(
      coercion('$v: Filter, $n: Int!, $ids: [ID!]!')({ v: { inner: { deep: 'x', tags: [1] } }, ids: null }),
    );
    expect(errors.map(({ message }) => message)).toEqual([
      'Variable "$v" got invalid value 1 at "v.inner.tags[0]"; String cannot represent a non string value: 1',
      'Variable "$v" got invalid value "x" at "v.inner.deep"; Int cannot represent non-integer value: "x"',
      'Variable "$n" of required type "Int!" was not provided.',
      'Variable "$ids" of non-null type "[ID!]!" must not be null.',
    ]);
  });

  it('in production without what resembles them', () => {
    for (const v of [{ tag: 1 }, { colour: 'GREN' }]) {
      expect(refused(coercion('$v: Filter')({ v }))[0]?.message).toContain('Did you mean');
      expect(refused(coercion('$v: Filter', true)({ v }))[0]?.message).not.toContain('Did you mean');
    }
  });
});

it('variables are coerced as graphql-js does, right or wrong', () => {
  const definitions = '$f: Filter, $ids: [ID!] = ["a"], $n: Int!, $any: Any';
  const operation = operationOf(`query (${definitions}) { find }`);
  const coerce = coercion(definitions);
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.string(),
    fc.constant('RED'),
  );
  const { filter } = fc.letrec((tie) => ({
    filter: fc.record(
      {
        tags: fc.oneof(scalar, fc.array(scalar, { maxLength: 12 })),
        deep: scalar,
        colour: scalar,
        any: fc.jsonValue({ maxDepth: 4 }),
        inner: fc.oneof({ depthSize: 'small' }, scalar, tie('filter')),
        unknown: scalar,
      },
      { requiredKeys: [] },
    ),
  }));
  const variables = fc.record(
    {
      f: fc.oneof(filter, scalar),
      ids: fc.oneof(scalar, fc.array(scalar)),
      n: scalar,
      any: fc.jsonValue(),
      other: scalar,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(variables, (raw) => {
      const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], raw);
      const ours = coerce(raw);
      if (errors === undefined) {
        expect(ours).toEqual({ variables: coerced });
        return;
      }
      expect(refused(ours).map(({ path, locations }) => ({ path, locations }))).toEqual(
        errors.map(({ path, locations }) => ({ path, locations })),
      );
      const quotesNoMore = errors.every(({ message }) => message.length < 100);
      if (quotesNoMore)
        expect(refused(ours).map(({ message }) => message)).toEqual(errors.map(({ message }) => message));
    }),
  );
});
