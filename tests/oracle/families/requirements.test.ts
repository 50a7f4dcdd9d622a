import { describe } from 'vitest';
import { type Family, type Given, holds, never, told } from './family.ts';

/** Fails where what `@requires` promises did not come along. */
const needs =
  (name: string, answer: (value: unknown) => unknown) =>
  (given: Given): unknown => {
    if (given[name] === undefined) throw new Error(`without ${name}: ${JSON.stringify(given)}`);
    return answer(given[name]);
  };

const frames = {
  interfaces:
    'interface Frame { wood: String! } interface Gilt implements Frame { wood: String! gold: String! }',
  plain: 'implements Frame & Gilt @shareable { wood: String! gold: String! oak: String! }',
  carved: 'implements Frame & Gilt @shareable { wood: String! gold: String! carver: String! }',
};
const frameOf: Readonly<Record<string, unknown>> = {
  '1': { __typename: 'Plain', wood: 'w1', gold: 'g1', oak: 'o1' },
  '2': { __typename: 'Carved', wood: 'w2', gold: 'g2', carver: 'c2' },
};
const place = (name: string) =>
  `type ${name} implements Place @key(fields: "id") { id: ID! town: String @shareable }`;

describe('@requires', () => {
  const families: Family[] = [
    {
      promise: 'of what another @requires makes, down to a field that clients do not see',
      subgraphs: {
        weights: {
          sdl: 'type Crate @key(fields: "id") { id: ID! weight: Float! @inaccessible }',
          resolvers: { Crate: { __resolveReference: told, weight: () => 700 } },
        },
        crates: {
          sdl: 'type Query { crate: Crate } type Crate @key(fields: "id") { id: ID! fragile: Boolean! }',
          resolvers: {
            Query: { crate: () => ({ id: '1', fragile: true }) },
            Crate: { __resolveReference: told, fragile: () => true },
          },
        },
        lifts: {
          sdl: `type Crate @key(fields: "id") { id: ID! weight: Float! @external heavy: Boolean! @requires(fields: "weight")
            fragile: Boolean! @external careful: Boolean! @requires(fields: "fragile") }`,
          resolvers: {
            Crate: {
              __resolveReference: told,
              heavy: needs('weight', (weight) => Number(weight) > 500),
              careful: needs('fragile', (fragile) => fragile),
            },
          },
        },
        carriers: {
          sdl: `type Crate @key(fields: "id") { id: ID! heavy: Boolean! @external hands: Int! @requires(fields: "heavy")
            careful: Boolean! @external gloves: Boolean! @requires(fields: "careful") }`,
          resolvers: {
            Crate: {
              __resolveReference: told,
              hands: needs('heavy', (heavy) => (heavy === true ? 4 : 2)),
              gloves: needs('careful', (careful) => careful),
            },
          },
        },
      },
      asks: [
        { query: '{ crate { hands } }', data: { crate: { hands: 4 } }, sent: 4 },
        { query: '{ crate { heavy hands } }', data: { crate: { heavy: true, hands: 4 } } },
        { query: '{ crate { gloves } }', data: { crate: { gloves: true } }, sent: 3 },
        { query: '{ crate { gloves hands } }', data: { crate: { gloves: true, hands: 4 } } },
      ],
    },
    {
      promise: 'in a circle between two subgraphs',
      subgraphs: {
        letters: {
          sdl: `type Query { letters: [Letter] } type Letter @key(fields: "id") { id: ID! young: Boolean! @external old: Boolean! @requires(fields: "young") }
            type Writer @key(fields: "id") { id: ID! age: Int! }`,
          resolvers: {
            Query: { letters: () => [{ id: '20' }, { id: '70' }] },
            Letter: { __resolveReference: told, old: needs('young', (young) => young !== true) },
            Writer: { __resolveReference: told, age: ({ id }: Given) => Number(id) },
          },
        },
        writers: {
          sdl: `type Letter @key(fields: "id") { id: ID! writer: Writer! young: Boolean! @requires(fields: "writer { age }") }
            type Writer @key(fields: "id") { id: ID! age: Int! @external }`,
          resolvers: {
            Letter: {
              __resolveReference: told,
              writer: ({ id }: Given) => ({ id }),
              young: needs('writer', (writer) => Number((writer as Given)['age']) < 40),
            },
          },
        },
      },
      asks: [
        { query: '{ letters { young } }', data: { letters: [{ young: true }, { young: false }] } },
        { query: '{ letters { old } }', data: { letters: [{ old: false }, { old: true }] } },
      ],
    },
    {
      promise: 'with fragments in fragments, of a type that clients do not see too',
      subgraphs: {
        frames: {
          sdl: `type Query { found: Picture } type Picture @key(fields: "id") { id: ID! frame: Frame }
            ${frames.interfaces} type Plain ${frames.plain} type Carved ${frames.carved}`,
          resolvers: {
            Query: { found: () => ({ id: '2' }) },
            Picture: { __resolveReference: told, frame: ({ id }: Given) => frameOf[String(id)] },
          },
        },
        labels: {
          sdl: `type Query { first: Picture second: Picture } ${frames.interfaces} type Plain ${frames.plain.replace('{', '@inaccessible {')} type Carved ${frames.carved}
            type Picture @key(fields: "id") { id: ID! frame: Frame @external
              label: String! @requires(fields: "frame { wood ... on Gilt { gold ... on Plain { oak } ... on Carved { carver } } }")
              short: String! @requires(fields: "frame { ... on Frame { wood } }") }`,
          resolvers: {
            Query: { first: () => ({ id: '1' }), second: () => ({ id: '2' }) },
            Picture: {
              __resolveReference: told,
              label: needs('frame', (frame) =>
                Object.values(frame as Given)
                  .map(String)
                  .toSorted()
                  .join(' '),
              ),
              short: needs('frame', (frame) => (frame as Given)['wood']),
            },
          },
        },
      },
      asks: [
        {
          query: '{ found { frame { __typename } label } }',
          data: {
            found: {
              frame: { __typename: 'Carved' },
              label: 'c2 g2 w2',
            },
          },
        },
        { query: '{ second { short } }', data: { second: { short: 'w2' } } },
        {
          query: '{ first { label frame { __typename } } }',
          data: {
            first: { label: 'g1 o1 w1', frame: null },
          },
          errors: ['INVALID_VALUE'],
        },
      ],
    },
    {
      promise: 'of an interface, whatever its type, and of one type of it only where it is that',
      subgraphs: {
        people: {
          sdl: `type Query { here: Person } interface Place { id: ID! } ${place('Home')} ${place('Office')}
            type Person @key(fields: "id") { id: ID! place: Place @external
              town: String @requires(fields: "place { id }") room: String @requires(fields: "place { ... on Office { id } }") }`,
          resolvers: {
            Query: { here: () => ({ id: '1' }) },
            Person: {
              __resolveReference: told,
              town: needs('place', (at) => `town of ${String((at as Given)['id'])}`),
              room: needs('place', (at) => (at as Given)['id'] ?? null),
            },
          },
        },
        places: {
          sdl: `type Query { there: Person } interface Place { id: ID! } ${place('Home')} ${place('Office')} ${place('Ship')}
            type Person @key(fields: "id") { id: ID! place: Place }`,
          resolvers: {
            Query: { there: () => ({ id: '2' }) },
            Person: {
              __resolveReference: told,
              place: ({ id }: Given) => ({
                __typename: id === '1' ? 'Home' : 'Office',
                id: `p${String(id)}`,
              }),
            },
          },
        },
      },
      asks: [
        {
          query: '{ here { town } there { town } }',
          data: { here: { town: 'town of p1' }, there: { town: 'town of p2' } },
        },
        { query: '{ here { room } there { room } }', data: { here: { room: null }, there: { room: 'p2' } } },
        {
          query: '{ here { place { __typename id } } }',
          data: { here: { place: { __typename: 'Home', id: 'p1' } } },
        },
      ],
    },
    {
      promise: 'of what a client leaves out: nothing is asked for it',
      subgraphs: {
        prices: {
          sdl: 'type Query { ticket: Ticket } type Ticket @key(fields: "id") { id: ID! price: Float! }',
          resolvers: { Query: { ticket: () => ({ id: '1', price: 9 }) } },
        },
        rates: {
          sdl: 'type Ticket @key(fields: "id") { id: ID! price: Float! @external dear: Boolean! @requires(fields: "price") }',
          resolvers: {
            Ticket: { __resolveReference: told, dear: needs('price', (price) => Number(price) > 5) },
          },
        },
        hints: {
          sdl: `type Ticket @key(fields: "id") { id: ID! dear: Boolean! @external hint: Boolean! @requires(fields: "dear") unasked: Boolean! @requires(fields: "dear") }`,
          resolvers: {
            Ticket: { __resolveReference: told, hint: needs('dear', (dear) => dear), unasked: never },
          },
        },
      },
      asks: [
        ...['@include(if: $no)', '@skip(if: $yes)', '@include(if: $yes) @skip(if: $yes)'].map(
          (directives) => ({
            query: `query ($yes: Boolean = true, $no: Boolean = false) { ticket { price hint @skip(if: $no) unasked ${directives} again: price @skip(if: $yes) more: price @include(if: $no) } }`,
            data: { ticket: { price: 9, hint: true } },
            sent: 3,
          }),
        ),
        {
          query: 'query ($no: Boolean = false) { ticket { price hint @include(if: $no) } }',
          data: { ticket: { price: 9 } },
          sent: 1,
        },
      ],
    },
  ];
  holds(families);
});

describe('@override', () => {
  const named = ({ id }: Given) => ({ id, name: `n${String(id)}` });
  holds([
    {
      promise: 'of a field that an interface of the other subgraph has: that one is never asked for it',
      subgraphs: {
        a: {
          sdl: 'interface Post { id: ID! date: String! } type Photo implements Post @key(fields: "id") { id: ID! date: String! } type Query { posts: [Post] }',
          resolvers: { Query: { posts: () => [{ __typename: 'Photo', id: '1' }] }, Photo: { date: never } },
        },
        b: {
          sdl: `interface Post { id: ID! date: String! } type Note implements Post @key(fields: "id") { id: ID! date: String! text: String! }
            interface Other { id: ID! date: String! } type Photo implements Other @key(fields: "id") { id: ID! date: String! @override(from: "a") } type Query { others: [Other] }`,
          resolvers: {
            Query: { others: () => [{ __typename: 'Photo', id: '2' }] },
            Photo: { __resolveReference: told, date: ({ id }: Given) => `date ${String(id)}` },
          },
        },
      },
      asks: [
        { query: '{ posts { id date } }', data: { posts: [{ id: '1', date: 'date 1' }] } },
        { query: '{ posts { ... on Note { id text } } }', data: { posts: [{}] } },
        {
          query: '{ others { date ... on Photo { id } } }',
          data: { others: [{ date: 'date 2', id: '2' }] },
          sent: 1,
        },
      ],
    },
    {
      promise: 'of a field that others require: they are told what its new owner says',
      subgraphs: {
        ...Object.fromEntries(
          ['a', 'c'].map((x) => [
            x,
            {
              sdl: `type Query { ${x}: Guide } type Guide @key(fields: "id") { id: ID! name: String! @external ${x}Name: String! @requires(fields: "name") }`,
              resolvers: {
                Query: { [x]: () => ({ id: x }) },
                Guide: {
                  __resolveReference: ({ id, name }: Given) => ({ id, said: name }),
                  name: never,
                  [`${x}Name`]: needs('said', (name) => `${x}: ${String(name)}`),
                },
              },
            },
          ]),
        ),
        b: {
          sdl: 'type Query { b: Guide } type Guide @key(fields: "id") { id: ID! name: String! @override(from: "c") }',
          resolvers: { Query: { b: () => named({ id: 'b' }) }, Guide: { __resolveReference: named } },
        },
      },
      asks: [
        {
          query: `{ ${['a', 'b', 'c'].map((x) => `${x} { name aName cName }`).join(' ')} }`,
          data: Object.fromEntries(
            ['a', 'b', 'c'].map((x) => [x, { name: `n${x}`, aName: `a: n${x}`, cName: `c: n${x}` }]),
          ),
        },
        { query: '{ c { cName } }', data: { c: { cName: 'c: nc' } }, sent: 3 },
      ],
    },
    ...['a', 'gone'].map(
      (from): Family => ({
        promise: `from a subgraph that is ${from === 'a' ? 'there' : 'not there'}, of a shareable field`,
        subgraphs: Object.fromEntries(
          ['a', 'b'].map((x) => [
            x,
            {
              sdl: `type Query { all: [Post] @shareable ${x}: Post }
                type Post @key(fields: "id") { id: ID! date: String! @shareable ${x === 'b' ? `@override(from: "${from}")` : ''} }`,
              resolvers: {
                Query: { all: () => [{ id: '1' }], [x]: () => ({ id: x }) },
                Post: {
                  __resolveReference: told,
                  date: x === 'a' && from === 'a' ? never : ({ id }: Given) => `date ${String(id)}`,
                },
              },
            },
          ]),
        ),
        asks: [
          {
            query: '{ all { date } a { date } b { date } }',
            data: { all: [{ date: 'date 1' }], a: { date: 'date a' }, b: { date: 'date b' } },
          },
        ],
      }),
    ),
  ]);
});
