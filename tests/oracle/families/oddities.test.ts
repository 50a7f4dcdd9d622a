// Families of the public federation audit that random operations do not reach: each with its one right answer.
import { expect, it } from 'vitest';
import { createInProcessGateway, type SubgraphSource } from '../in-process-gateway.ts';

type Reference = Readonly<Record<string, unknown>>;
const told = (reference: Reference) => reference;
const asText = (value: Reference) => JSON.stringify(value);

async function ask(sources: Readonly<Record<string, SubgraphSource>>, query: string) {
  return createInProcessGateway(sources).ask(query);
}

it('unions of which subgraphs know different members ask each for those that it knows', async () => {
  const m = { __typename: 'A', a: 1 };
  const sources = {
    a: {
      sdl: 'type Query { m: M @shareable } union M = A | B type A @shareable { a: Int } type B { b: Int }',
      resolvers: { Query: { m: () => m } },
    },
    b: {
      sdl: 'type Query { m: M @shareable n: Int } union M = A | C type A @shareable { a: Int } type C { c: Int }',
      resolvers: { Query: { m: () => m, n: () => 4 } },
    },
  };
  expect(await ask(sources, '{ n m { ... on A { a } ... on B { b } ... on C { c } } }')).toEqual({
    data: { n: 4, m: { a: 1 } },
  });
});

it('an entity all of whose keys are null is null where another subgraph would have completed it', async () => {
  const type = (more: string) => `type T @key(fields: "id") { id: ID ${more} }`;
  const sources = {
    a: {
      sdl: `type Query { ts: [T] } ${type('')}`,
      resolvers: { Query: { ts: () => [{ id: null }, null, { id: '2' }] } },
    },
    b: {
      sdl: `type Query { b: Int } ${type('v: String')}`,
      resolvers: { T: { __resolveReference: told, v: ({ id }: Reference) => `v${String(id)}` } },
    },
  };
  expect(await ask(sources, '{ ts { v } }')).toEqual({ data: { ts: [{ v: null }, null, { v: 'v2' }] } });
});

it('a value that is inaccessible is no value that clients get', async () => {
  const sources = {
    a: {
      sdl: 'type Query { es: [E] } enum E { X SECRET @inaccessible }',
      resolvers: { Query: { es: () => ['X', 'SECRET'] } },
    },
  };
  const { data, errors } = await ask(sources, '{ es }');
  expect(data).toEqual({ es: ['X', null] });
  expect(errors).toMatchObject([{ path: ['es', 1], extensions: { code: 'INVALID_VALUE' } }]);
});

it('keys and requirements may have the names that JavaScript knows', async () => {
  const key = 'constructor { toString }';
  const sources = {
    a: {
      sdl: `type Query { t: T } type T @key(fields: "${key}") { constructor: C p: P valueOf: Int }
        type C @shareable { toString: ID } type P { hasOwnProperty: Int constructor: String }`,
      resolvers: {
        Query: {
          t: () => ({
            constructor: { toString: 'k' },
            p: { hasOwnProperty: 3, constructor: 'c' },
            valueOf: 9,
          }),
        },
      },
    },
    b: {
      sdl: `type Query { b: Int } type C @shareable { toString: ID } type P @external { hasOwnProperty: Int constructor: String }
        type T @key(fields: "${key}") { constructor: C p: P @external valueOf: Int @external
          r: String @requires(fields: "valueOf p { hasOwnProperty constructor }") }`,
      resolvers: { T: { __resolveReference: told, r: asText } },
    },
  };
  const read = (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : text);
  const { data } = await ask(sources, '{ t { r } }');
  expect(JSON.parse(JSON.stringify(data), (name, value) => (name === 'r' ? read(value) : value))).toEqual({
    t: {
      r: {
        __typename: 'T',
        constructor: { toString: 'k' },
        valueOf: 9,
        p: { hasOwnProperty: 3, constructor: 'c' },
      },
    },
  });
});
