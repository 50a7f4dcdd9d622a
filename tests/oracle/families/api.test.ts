import { describe, expect, it } from 'vitest';
import { createInProcessGateway } from '../in-process-gateway.ts';
import { type Given, holds, never, told } from './family.ts';

describe('what the API shows', () => {
  const visitors = [
    { id: '1', kind: 'PAYING' },
    { id: '2', kind: 'SECRET' },
  ];
  const guests = [
    { id: '1', friends: [{ id: '2' }] },
    { id: '2', friends: [{ id: '1' }] },
  ];
  const filtered = (_: unknown, { filter }: { filter: Given }) =>
    'skip' in filter ? never() : [{ id: '1' }];
  holds([
    {
      promise: 'of an enum are the values that no subgraph hides',
      subgraphs: {
        a: {
          sdl: 'type Query { visitors: [Visitor] } type Visitor @key(fields: "id") { id: ID kind: Kind @shareable } enum Kind { PAYING }',
          resolvers: { Query: { visitors: () => visitors } },
        },
        b: {
          sdl: `type Query { ofKind(kind: Kind!): [Visitor!] known: [Visitor!] } extend type Visitor @key(fields: "id") { id: ID kind: Kind @shareable } enum Kind { SECRET @inaccessible PAYING }`,
          resolvers: {
            Query: {
              ofKind: (_: unknown, { kind }: Given) => visitors.filter((one) => one.kind === kind),
              known: () => visitors,
            },
          },
        },
      },
      asks: [
        {
          query: '{ visitors { id kind } }',
          data: { visitors: [visitors[0], { id: '2', kind: null }] },
          errors: ['DOWNSTREAM_SERVICE_ERROR'],
        },
        {
          query: '{ known { id kind } }',
          data: { known: [visitors[0], { id: '2', kind: null }] },
          errors: ['INVALID_VALUE'],
        },
        { query: '{ ofKind(kind: PAYING) { id } }', data: { ofKind: [{ id: '1' }] } },
      ],
    },
    {
      promise: 'leaves out arguments that are inaccessible, whose defaults still hold',
      subgraphs: {
        ages: {
          sdl: 'type Query { ages: [Guest!]! } type Guest @key(fields: "id") { id: ID age: Int }',
          resolvers: { Query: { ages: () => guests.map(({ id }) => ({ id })) } },
        },
        friends: {
          sdl: `type Query { guests: [Guest!]! } type Guest @key(fields: "id") { id: ID friends(tie: Tie = FAMILY @inaccessible): [Guest!]! tie: Tie } enum Tie { FAMILY @inaccessible FRIEND }`,
          resolvers: {
            Query: { guests: () => guests },
            Guest: {
              __resolveReference: told,
              friends: ({ id }: Given, { tie }: Given) =>
                tie === 'FAMILY' ? guests.find((one) => one.id === id)?.friends : never(),
              tie: () => 'FAMILY',
            },
          },
        },
      },
      asks: [
        { query: '{ ages { id friends { id } } }', data: { ages: guests } },
        {
          query: '{ guests { friends { id } } }',
          data: { guests: guests.map(({ friends }) => ({ friends })) },
        },
        {
          query: '{ guests { id tie } }',
          data: { guests: guests.map(({ id }) => ({ id, tie: null })) },
          errors: ['INVALID_VALUE', 'INVALID_VALUE'],
        },
      ],
    },
    {
      promise: 'of an input are the fields that every subgraph takes',
      subgraphs: Object.fromEntries(
        ['a', 'b'].map((x) => [
          x,
          {
            sdl: `type Query { ${x}(filter: Filter!): [Guest!] } input Filter { first: Int! ${x === 'b' ? 'skip: Int' : ''} } type Guest @key(fields: "id") { id: ID! }`,
            resolvers: { Query: { [x]: filtered } },
          },
        ]),
      ),
      asks: [
        {
          query: '{ a(filter: { first: 1 }) { id } b(filter: { first: 1 }) { id } }',
          data: { a: [{ id: '1' }], b: [{ id: '1' }] },
        },
        {
          query: 'query ($filter: Filter!) { b(filter: $filter) { id } }',
          variables: { filter: { first: 1 } },
          data: { b: [{ id: '1' }] },
        },
        {
          query: 'query ($filter: Filter!) { a(filter: $filter) { id } }',
          variables: { filter: { first: 1, skip: 2 } },
          data: null,
          errors: ['BAD_USER_INPUT'],
        },
      ],
    },
  ]);

  it.each([
    [
      'a value',
      'enum Kind { PAYING SECRET @inaccessible }',
      'things(kind: Kind): Int',
      '{ things(kind: SECRET) }',
    ],
    ['an argument', '', 'things(kind: Int = 1 @inaccessible): Int', '{ things(kind: 1) }'],
    [
      'a field of an input',
      'input Of { a: Int b: Int @inaccessible }',
      'things(of: Of): Int',
      '{ things(of: { b: 1 }) }',
    ],
    ['a field', '', 'things: Int more: Int @inaccessible', '{ more }'],
    [
      'a type',
      'type More @inaccessible { a: Int }',
      'things: Int more: More @inaccessible',
      '{ __typename ... on More { a } }',
    ],
  ])('refuses %s that is inaccessible', async (_what, types, fields, query) => {
    const gateway = createInProcessGateway({ a: { sdl: `type Query { ${fields} } ${types}` } });
    await expect(gateway.ask(query)).rejects.toThrow();
    expect(gateway.calls).toEqual([]);
  });
});

describe('a mutation', () => {
  const numbers = new Map<unknown, number>();
  const change =
    (how: (number: number, by: number) => number) =>
    (_: unknown, { key, by }: Given) => {
      const changed = how(numbers.get(key) ?? 0, Number(by));
      numbers.set(key, changed);
      return changed;
    };
  const made: string[] = [];
  const make = (_: unknown, { name }: Given) => {
    made.push(String(name));
    return { id: `id of ${String(name)}`, name };
  };
  holds([
    {
      promise:
        'of root fields of several subgraphs runs them in their order, each with what others know of its answer',
      subgraphs: {
        a: {
          sdl: `type Query { q: Int } type Mutation { times(key: ID, by: Int!): Int! buy(price: Float!): Ticket! make(name: String!): Label! @shareable }
            type Ticket @key(fields: "id") { id: ID! price: Float! } type Label @key(fields: "id") { id: ID! }`,
          resolvers: {
            Mutation: {
              times: change((number, by) => number * by),
              buy: (_: unknown, { price }: Given) => ({ id: '1', price }),
              make,
            },
            Ticket: { __resolveReference: never },
          },
        },
        b: {
          sdl: `type Mutation { end(key: ID): Int! make(name: String!): Label! @shareable } type Label @key(fields: "id") { id: ID! name: String! }
            type Ticket @key(fields: "id") { id: ID! price: Float! @external dear: Boolean! @requires(fields: "price") free: Boolean! }`,
          resolvers: {
            Mutation: { end: change((number) => number), make },
            Ticket: {
              __resolveReference: told,
              dear: ({ price }: Given) => Number(price) > 100,
              free: () => true,
            },
            Label: { __resolveReference: ({ id }: Given) => ({ id, name: String(id).slice(6) }) },
          },
        },
        c: {
          sdl: 'type Mutation { plus(key: ID, by: Int!): Int! }',
          resolvers: { Mutation: { plus: change((number, by) => number + by) } },
        },
      },
      asks: [
        {
          query: 'mutation { five: plus(by: 5) ten: times(by: 2) twelve: plus(by: 2) last: end }',
          data: { five: 5, ten: 10, twelve: 12, last: 12 },
          sent: 4,
        },
        {
          query: 'mutation { buy(price: 120.5) { price dear free } }',
          data: { buy: { price: 120.5, dear: true, free: true } },
          sent: 2,
        },
        { query: 'mutation { make(name: "x") { id name } }', data: { make: { id: 'id of x', name: 'x' } } },
      ],
    },
  ]);
  it('of a root field that several subgraphs have runs in one of them', () => {
    expect(made).toEqual(['x']);
  });
});
