import { describe, expect, it } from 'vitest';
import { createInProcessGateway, type SubgraphSource } from '#tests/oracle/in-process-gateway.ts';

type Reference = Readonly<Record<string, unknown>>;
const told = (reference: Reference) => reference;

describe('a key with a list of objects', () => {
  const key = 'items { id }';
  const orders = (items: unknown): SubgraphSource => ({
    sdl: `type Query { order: Order orders: [Order] }
      type Order @key(fields: "${key}") { items: [Item!] } type Item @shareable { id: ID parts: [[Part]] } type Part @shareable { code: String }`,
    resolvers: { Query: { order: () => ({ items }), orders: () => [{ items }, { items }] } },
  });
  const totals: SubgraphSource = {
    sdl: `type Query { t: Int } type Item @shareable { id: ID parts: [[Part]] } type Part @shareable { code: String }
      type Order @key(fields: "${key}") { items: [Item!] total: Int }`,
    resolvers: {
      Order: { __resolveReference: told, total: ({ items }: { items: unknown[] }) => items.length },
    },
  };

  it.each([
    ['several', [{ id: '1' }, { id: '2' }], 2],
    ['none', [], 0],
  ])('names the entity, with %s in it', async (_what, items, total) => {
    const gateway = createInProcessGateway({ orders: orders(items), totals });
    expect(await gateway.ask('{ order { total } }')).toEqual({ data: { order: { total } } });
    expect(gateway.calls[1]?.request.variables).toEqual({
      representations: [{ __typename: 'Order', items }],
    });
  });

  it('names equal entities once', async () => {
    const gateway = createInProcessGateway({ orders: orders([{ id: '1' }]), totals });
    expect(await gateway.ask('{ orders { total } }')).toEqual({
      data: { orders: [{ total: 1 }, { total: 1 }] },
    });
    expect(gateway.calls[1]?.request.variables?.['representations']).toHaveLength(1);
  });

  it('leaves the entity out where an item has a null for a key', async () => {
    const gateway = createInProcessGateway({ orders: orders([{ id: '1' }, { id: null }]), totals });
    expect((await gateway.ask('{ order { total } }')).data).toEqual({ order: { total: null } });
    expect(gateway.calls).toHaveLength(1);
  });

  it('may be lists in lists, and on the way to what a @requires needs', async () => {
    const nested = 'id lines { parts { code } }';
    const types = 'type Line @shareable { parts: [[Part]] } type Part @shareable { code: String }';
    const gateway = createInProcessGateway({
      a: {
        sdl: `type Query { box: Box } ${types} type Box @key(fields: "${nested}") { id: ID! lines: [Line] }`,
        resolvers: {
          Query: { box: () => ({ id: '1', lines: [{ parts: [[{ code: 'x' }, null], []] }, null] }) },
        },
      },
      b: {
        sdl: `type Query { b: Int } ${types} type Box @key(fields: "${nested}") { id: ID! lines: [Line] weight: Int }`,
        resolvers: { Box: { __resolveReference: told, weight: () => 7 } },
      },
      c: {
        sdl: `type Query { c: Int } ${types}
          type Box @key(fields: "${nested}") { id: ID! lines: [Line] weight: Int @external price: Int @requires(fields: "weight") }`,
        resolvers: {
          Box: { __resolveReference: told, price: ({ weight }: { weight: number }) => weight * 10 },
        },
      },
    });
    expect(await gateway.ask('{ box { price } }')).toEqual({ data: { box: { price: 70 } } });
  });
});

describe('what a @requires needs inside of a value', () => {
  const a: SubgraphSource = {
    sdl: `type Query { user: User } type User @key(fields: "id") { id: ID! profile: Profile }
      type Profile { name: String age: Int place: Place } type Place { city: String street: String }`,
    resolvers: {
      Query: { user: () => ({ id: '1' }) },
      User: {
        __resolveReference: told,
        profile: () => ({ name: 'Ann', age: 7, place: { city: 'Ulm', street: 'A' } }),
      },
    },
  };
  const profile =
    (field: string) =>
    ({ profile: value }: { profile: unknown }) =>
      `${field} ${JSON.stringify(value)}`;
  const b: SubgraphSource = {
    sdl: `type Query { b: Int }
      type User @key(fields: "id") { id: ID! profile: Profile @external
        basic: String! @requires(fields: "profile { name }")
        full: String @requires(fields: "profile { name age }")
        far: String @requires(fields: "profile { place { city } }")
        farther: String @requires(fields: "profile { place { city street } }") }
      type Profile @external { name: String age: Int place: Place } type Place @external { city: String street: String }`,
    resolvers: {
      User: {
        __resolveReference: told,
        basic: profile('basic'),
        full: profile('full'),
        far: profile('far'),
        farther: profile('farther'),
      },
    },
  };

  it('is told as far as it was fetched, where a sibling that needs more is left out', async () => {
    const gateway = createInProcessGateway({ a, b });
    const query = 'query ($c: Boolean!) { user { basic full @include(if: $c) } }';
    expect(await gateway.ask(query, { c: false })).toEqual({
      data: { user: { basic: 'basic {"name":"Ann"}' } },
    });
    expect(await gateway.ask(query, { c: true })).toEqual({
      data: {
        user: { basic: 'basic {"name":"Ann","age":7}', full: 'full {"name":"Ann","age":7}' },
      },
    });
    const deep = 'query ($c: Boolean!) { user { far farther @skip(if: $c) full @skip(if: $c) } }';
    expect(await gateway.ask(deep, { c: true })).toEqual({
      data: { user: { far: 'far {"place":{"city":"Ulm"}}' } },
    });
  });
});

describe('a field that is one type in this subgraph and any of several in another', () => {
  const book = { id: '1', aTitle: 'A' };
  const a: SubgraphSource = {
    sdl: `type Query { book: Book @shareable books: [Book!] @shareable shelf: Shelf }
      type Shelf @key(fields: "id") { id: ID! top: Book @shareable }
      type Book @key(fields: "id") { id: ID! aTitle: String }`,
    resolvers: {
      Query: { book: () => book, books: () => [book], shelf: () => ({ id: 's' }) },
      Shelf: { __resolveReference: told, top: () => book },
    },
  };
  const answers = {
    '{ book { ... on Book { aTitle } } }': { book: { aTitle: 'A' } },
    '{ book { kind: __typename ... on Book { aTitle } } }': { book: { kind: 'Book', aTitle: 'A' } },
    '{ books { ... on Book { aTitle } } }': { books: [{ aTitle: 'A' }] },
    '{ books { __typename } }': { books: [{ __typename: 'Book' }] },
    '{ shelf { top { ... on Book { aTitle } ... on Song { bTitle } } } }': {
      shelf: { top: { aTitle: 'A' } },
    },
  };

  it.each(['union Media = Book | Song', 'interface Media { id: ID! }'])(
    'keeps its objects (%s)',
    async (media) => {
      const implementing = media.startsWith('interface') ? 'implements Media' : '';
      const b: SubgraphSource = {
        sdl: `type Query { book: Media @shareable books: [Media!] @shareable } ${media}
          type Shelf @key(fields: "id") { id: ID! top: Media @shareable }
          type Book ${implementing} @key(fields: "id") { id: ID! bTitle: String }
          type Song ${implementing} @key(fields: "id") { id: ID! bTitle: String }`,
        resolvers: {
          Query: { book: () => ({ __typename: 'Book', ...book }) },
          Book: { __resolveReference: told, bTitle: () => 'B' },
          Shelf: { __resolveReference: told },
        },
      };
      const gateway = createInProcessGateway({ a, b });
      for (const [query, data] of Object.entries(answers))
        expect({ query, ...(await gateway.ask(query)) }).toEqual({ query, data });
      expect(await gateway.ask('{ book { ... on Book { aTitle bTitle } } }')).toEqual({
        data: { book: { aTitle: 'A', bTitle: 'B' } },
      });
    },
  );
});

it('a field whose exact type depends on that of the object above keeps its objects', async () => {
  const values = 'type Book @shareable { t: String } type Film @shareable { t: String }';
  const gateway = createInProcessGateway({
    a: {
      sdl: `type Query { is: [I] } interface I { id: ID! } ${values}
        type A implements I @key(fields: "id") { id: ID! f: Book @shareable }
        type B implements I @key(fields: "id") { id: ID! f: Film @shareable }`,
      resolvers: {
        Query: {
          is: () => [
            { __typename: 'A', id: '1', f: { t: 'book' } },
            { __typename: 'B', id: '2', f: { t: 'film' } },
          ],
        },
      },
    },
    b: {
      sdl: `type Query { b: Int } union Media = Book | Film ${values}
        type A @key(fields: "id") { id: ID! f: Media @shareable } type B @key(fields: "id") { id: ID! f: Media @shareable }`,
    },
  });
  const query = '{ is { ... on A { f { ... on Book { t } } } ... on B { f { ... on Film { t } } } } }';
  expect(await gateway.ask(query)).toEqual({ data: { is: [{ f: { t: 'book' } }, { f: { t: 'film' } }] } });
});

describe('one field under several names of the plan', () => {
  it('keeps a null that one of them fetched', async () => {
    const types = 'interface I { id: ID! }';
    const gateway = createInProcessGateway({
      a: {
        sdl: `type Query { is: [I] } ${types}
          type A implements I @key(fields: "id") { id: ID! f: String! }
          type B implements I @key(fields: "id") { id: ID! f: String }`,
        resolvers: {
          Query: {
            is: () => [
              { __typename: 'B', id: 'b', f: null },
              { __typename: 'A', id: 'a', f: 'x' },
            ],
          },
          A: { __resolveReference: told },
          B: { __resolveReference: told },
        },
      },
      b: {
        sdl: `type Query { b: Int }
          type A @key(fields: "id") { id: ID! f: String! @external g: String @requires(fields: "f") }
          type B @key(fields: "id") { id: ID! f: String @external g: String @requires(fields: "f") }`,
        resolvers: {
          A: { __resolveReference: told, g: ({ f }: { f: unknown }) => `A ${f}` },
          B: { __resolveReference: told, g: ({ f }: { f: unknown }) => `B ${f}` },
        },
      },
    });
    const data = { is: [{ g: 'B null' }, { g: 'A x' }] };
    expect(await gateway.ask('{ is { ... on B { g } ... on A { g } } }')).toEqual({ data });
    expect(await gateway.ask('{ is { ... on A { g } ... on B { g } } }')).toEqual({ data });
  });
});

describe('@fromContext', () => {
  it('waits for a value that comes from another subgraph', async () => {
    const gateway = createInProcessGateway({
      a: {
        sdl: `type Query { t: T } type T @key(fields: "id") { id: ID! u: U! @shareable } type U @key(fields: "id") { id: ID! }`,
        resolvers: { Query: { t: () => ({ id: '1', u: { id: '1' } }) } },
      },
      b: {
        sdl: `type Query { b: Int } type T @key(fields: "id") { id: ID! prop: String }`,
        resolvers: { T: { __resolveReference: told, prop: () => 'value' } },
      },
      c: {
        sdl: `type Query { c: Int }
          type T @key(fields: "id") @context(name: "c") { id: ID! u: U! @shareable prop: String @external }
          type U @key(fields: "id") { id: ID! field(a: String @fromContext(field: "$c { prop }")): String }`,
        resolvers: {
          U: {
            __resolveReference: told,
            field: ({ id }: Reference, { a }: { a?: string }) => `${String(id)}${String(a)}`,
          },
        },
      },
    });
    expect((await gateway.planning.prepare('{ t { u { field } } }')).planText()).toContain('Parallel');
    expect(await gateway.ask('{ t { u { field } } }')).toEqual({ data: { t: { u: { field: '1value' } } } });
  });
});

describe('names that JavaScript knows', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '_entities', 'e0', 'v0'])(
    'are aliases like any other: %s',
    async (alias) => {
      const gateway = createInProcessGateway({
        a: {
          sdl: 'type Query { user: User } type User @key(fields: "id") { id: ID! name: String }',
          resolvers: { Query: { user: () => ({ id: '1', name: 'n' }) } },
        },
        b: {
          sdl: 'type Query { b: Int } type User @key(fields: "id") { id: ID! age: Int friend: User }',
          resolvers: { User: { __resolveReference: told, age: () => 7, friend: () => ({ id: '2' }) } },
        },
      });
      const { data } = await gateway.ask(`{ user { ${alias}: friend { ${alias}: age } } }`);
      const inner = Object.getOwnPropertyDescriptor(data?.['user'], alias)?.value as object;
      expect(Object.getOwnPropertyDescriptor(inner, alias)?.value).toBe(7);
      expect(({} as Record<string, unknown>)['age']).toBeUndefined();
    },
  );
});
