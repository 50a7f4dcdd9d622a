import { describe } from 'vitest';
import { type Family, type Given, holds, never, told } from './family.ts';

const on = (types: Readonly<Record<string, string>>) =>
  Object.entries(types)
    .map(([type, fields]) => `... on ${type} { ${fields} }`)
    .join(' ');

describe('unions and interfaces', () => {
  const book = { __typename: 'Book', id: 'b', title: 'a book', aTitle: 'A', bTitle: 'B' };
  const song = { __typename: 'Song', id: 's', title: 'a song', aTitle: 'A song' };
  const film = { __typename: 'Film', id: 'f', title: 'a film', bTitle: 'B film' };
  const own = (x: string) => `@key(fields: "id") { id: ID! title: String! @shareable ${x}Title: String! }`;
  const oven = { __typename: 'Oven', id: 'o' };
  const toaster = { __typename: 'Toaster', id: 't', years: 3 };
  const staff = [
    { __typename: 'Guard', id: '1', name: 'Ann' },
    { __typename: 'Cook', id: '2', name: 'Bob' },
  ];
  const every = on({ Song: 'title aTitle', Film: 'title bTitle', Book: 'title aTitle bTitle' });
  const families: Family[] = [
    {
      promise: 'whose members overlap bring what each subgraph has of them, at the root and below',
      subgraphs: {
        a: {
          sdl: `union Media = Book | Song type Book ${own('a')} type Song ${own('a')}
            type Query { media: Media @shareable inA: Media book: Book @shareable song: Media viewer: Viewer @shareable }
            type Viewer { media: Media @shareable inA: Media book: Book @shareable song: Media }`,
          resolvers: {
            Query: {
              media: () => book,
              inA: () => book,
              book: () => book,
              song: () => song,
              viewer: () => ({ media: book, inA: book, book, song }),
            },
            Book: { __resolveReference: () => book },
          },
        },
        b: {
          sdl: `union Media = Book | Film type Book ${own('b')} type Film ${own('b')}
            type Query { media: Media @shareable inB: Media book: Media @shareable viewer: Viewer @shareable }
            type Viewer { media: Media @shareable inB: Media book: Media @shareable }`,
          resolvers: {
            Query: {
              media: () => book,
              inB: () => film,
              book: () => book,
              viewer: () => ({ media: book, inB: film, book }),
            },
            Book: { __resolveReference: () => book },
          },
        },
      },
      asks: [
        { query: '{ media { ... on Film { title } } }', data: { media: {} } },
        {
          query: `{ inA { ${on({ Film: 'bTitle', Book: 'aTitle bTitle' })} } }`,
          data: { inA: { aTitle: 'A', bTitle: 'B' } },
        },
        {
          query: `{ media { __typename ${every} } book { __typename ${every} } song { ${every} } }`,
          data: {
            media: { __typename: 'Book', title: 'a book', aTitle: 'A', bTitle: 'B' },
            book: { __typename: 'Book', title: 'a book', aTitle: 'A', bTitle: 'B' },
            song: { title: 'a song', aTitle: 'A song' },
          },
        },
        {
          query: `{ viewer { media { ${every} } book { ${every} } song { __typename ${every} } inA { ... on Film { title } } inB { ${every} } } }`,
          data: {
            viewer: {
              media: { title: 'a book', aTitle: 'A', bTitle: 'B' },
              book: { title: 'a book', aTitle: 'A', bTitle: 'B' },
              song: { __typename: 'Song', title: 'a song', aTitle: 'A song' },
              inA: {},
              inB: { title: 'a film', bTitle: 'B film' },
            },
          },
        },
      ],
    },
    {
      promise: 'of which another subgraph, that nothing comes from, knows one member only',
      subgraphs: {
        a: {
          sdl: `type Query { reply: Reply } type Reply @shareable { actions: [Action!]! } union Action = Ring | Knock type Ring @shareable { id: ID! } type Knock { times: Int }`,
          resolvers: {
            Query: {
              reply: () => ({
                actions: [
                  { __typename: 'Ring', id: '1' },
                  { __typename: 'Knock', times: 2 },
                ],
              }),
            },
          },
        },
        b: {
          sdl: 'type Reply @shareable { actions: [Action!]! } union Action = Ring type Ring @shareable { id: ID! }',
        },
      },
      asks: [
        {
          query: '{ reply { actions { __typename ... on Ring { id } ... on Knock { times } } } }',
          data: {
            reply: {
              actions: [
                { __typename: 'Ring', id: '1' },
                { __typename: 'Knock', times: 2 },
              ],
            },
          },
        },
      ],
    },
    {
      promise: 'whose members have a field of one name that may be null in one and not in another',
      subgraphs: {
        a: {
          sdl: 'type Query { guards: [Guard!]! } type Guard { id: ID @shareable }',
          resolvers: { Query: { guards: () => [{ id: '1' }] } },
        },
        b: {
          sdl: `type Query { staff: [Staff!]! } union Staff = Guard | Cook type Guard @key(fields: "id") { id: ID! name: String alike: [Staff!]! } type Cook { id: ID name: String alike: [Staff!]! }`,
          resolvers: {
            Query: { staff: () => staff },
            Guard: { __resolveReference: ({ id }: Given) => ({ id, name: 'Ann' }), alike: () => staff },
            Cook: { alike: () => staff },
          },
        },
      },
      asks: [
        {
          query: `{ guards { id name } staff { ${on({ Guard: 'id name', Cook: 'id name' })} } }`,
          data: {
            guards: [{ id: '1', name: 'Ann' }],
            staff: staff.map(({ id, name }) => ({ id, name })),
          },
        },
        {
          query: `{ staff { ${on({ Guard: `id alike { ${on({ Guard: 'id name', Cook: 'id name' })} }`, Cook: 'id alike { ... on Cook { id } }' })} } }`,
          data: {
            staff: [
              { id: '1', alike: staff.map(({ id, name }) => ({ id, name })) },
              { id: '2', alike: [{}, { id: '2' }] },
            ],
          },
        },
      ],
    },
    {
      promise: 'that a type implements in one subgraph and not in another',
      subgraphs: {
        a: {
          sdl: `type Query { products: [Product] node(id: ID!): Node nodes: [Node] toasters: [Toaster] } union Product = Oven | Toaster
            interface Node { id: ID! } interface Warranty { years: Int } type Oven @key(fields: "id") { id: ID! }
            type Toaster implements Node & Warranty @key(fields: "id") { id: ID! years: Int }`,
          resolvers: {
            Query: {
              products: () => [oven, toaster],
              node: (_: unknown, { id }: Given) => (id === 'o' ? oven : toaster),
              nodes: () => [toaster],
              toasters: () => [toaster],
            },
          },
        },
        b: {
          sdl: 'interface Node { id: ID! } interface Warranty { years: Int } type Oven implements Node & Warranty @key(fields: "id") { id: ID! years: Int }',
          resolvers: { Oven: { __resolveReference: told, years: () => 1 } },
        },
      },
      asks: [
        { query: '{ products { ... on Node { id } } }', data: { products: [{ id: 'o' }, { id: 't' }] } },
        {
          query: '{ products { ... on Warranty { years } } }',
          data: { products: [{ years: 1 }, { years: 3 }] },
        },
        {
          query: '{ nodes { ... on Node { id ... on Warranty { years } } ... on Oven { id } } }',
          data: { nodes: [{ id: 't', years: 3 }] },
        },
        {
          query: '{ toasters { ...N } } fragment N on Node { id __typename }',
          data: { toasters: [{ id: 't', __typename: 'Toaster' }] },
        },
        { query: '{ node(id: "t") { ... on Toaster { years } } }', data: { node: { years: 3 } } },
        // Its own subgraph says that an oven is no node.
        {
          query: '{ node(id: "o") { ... on Toaster { years } } }',
          data: { node: null },
          errors: ['DOWNSTREAM_SERVICE_ERROR'],
        },
      ],
    },
    {
      promise: 'that carry nothing but the key, each object completed by another subgraph',
      subgraphs: {
        nodes: {
          sdl: `type Query { one: Node all: [Node!]! } interface Node { id: ID! } type Hall implements Node @key(fields: "id") { id: ID! } type Shop implements Node @key(fields: "id") { id: ID! }`,
          resolvers: {
            Query: {
              one: () => ({ __typename: 'Hall', id: '1' }),
              all: () => ['Hall', 'Shop', 'Hall'].map((__typename, id) => ({ __typename, id })),
            },
          },
        },
        types: {
          sdl: `interface Node { id: ID! } type Hall implements Node @key(fields: "id") @shareable { id: ID! name: String! size: Int } type Shop implements Node @key(fields: "id") { id: ID! name: String! }`,
          resolvers: {
            Hall: { __resolveReference: told, name: ({ id }: Given) => `hall ${String(id)}`, size: () => 5 },
            Shop: { __resolveReference: told, name: ({ id }: Given) => `shop ${String(id)}` },
          },
        },
      },
      asks: [
        {
          query: '{ one { ... on Hall { id name __typename size } } }',
          data: { one: { id: '1', name: 'hall 1', __typename: 'Hall', size: 5 } },
        },
        {
          query: `{ all { id ${on({ Hall: 'name', Shop: 'called: name t: __typename' })} } }`,
          data: {
            all: [
              { id: '0', name: 'hall 0' },
              { id: '1', called: 'shop 1', t: 'Shop' },
              { id: '2', name: 'hall 2' },
            ],
          },
        },
      ],
    },
    {
      promise: 'through which an entity refers to itself, with a value provided on the way',
      subgraphs: {
        a: {
          sdl: `type Query { item: Item } interface Item { like: Item } type Print implements Item @key(fields: "id") { id: ID! like: Print @provides(fields: "price") price: Float @external }`,
          resolvers: {
            Query: { item: () => ({ __typename: 'Print', id: '1' }) },
            Print: { like: ({ id }: Given) => ({ id: id === '1' ? '2' : '1', price: 1.5 }) },
          },
        },
        b: {
          sdl: 'type Print @key(fields: "id") { id: ID! price: Float @shareable }',
          resolvers: { Print: { __resolveReference: told, price: () => 1.5 } },
        },
      },
      asks: [
        {
          query: '{ item { like { ... on Item { like { __typename } } } } }',
          data: { item: { like: { like: { __typename: 'Print' } } } },
        },
        {
          query:
            '{ item { __typename like { __typename ... on Print { id } } ... on Print { price like { id price } } } }',
          data: {
            item: { __typename: 'Print', like: { __typename: 'Print', id: '2', price: 1.5 }, price: 1.5 },
          },
        },
      ],
    },
  ];
  holds(families);
});

describe('@interfaceObject', () => {
  const guards = ['1', '2'].map((id) => ({ __typename: 'Guard', id, name: `n${id}`, age: 40 }));
  const guard = ({ id }: Given) => guards.find((one) => one.id === id) ?? null;
  holds([
    {
      promise: 'adds fields that need fields of the interface, and leaves the type to its owner',
      subgraphs: {
        owner: {
          sdl: `type Query { guards: [Named!]! } interface Named @key(fields: "id") { id: ID! name: String } type Guard implements Named @key(fields: "id") { id: ID! name: String age: Int }`,
          resolvers: {
            Query: { guards: () => guards },
            Named: { __resolveReference: guard },
            Guard: { __resolveReference: guard },
          },
        },
        logins: {
          sdl: `type Query { users: [Named] } type Named @key(fields: "id") @interfaceObject { id: ID! name: String @external login: String @requires(fields: "name") plain: Int }`,
          resolvers: {
            Query: { users: () => guards.map(({ id }) => ({ __typename: 'Strange', id })) },
            Named: {
              __resolveReference: told,
              login: ({ name }: Given) => (typeof name === 'string' ? `@${name}` : never()),
              plain: () => 1,
            },
          },
        },
      },
      asks: [
        ...['users', 'guards'].flatMap((field) => [
          {
            query: `{ ${field} { id name login } }`,
            data: { [field]: guards.map(({ id, name }) => ({ id, name, login: `@${name}` })) },
          },
          { query: `{ ${field} { ... on Guard { age } } }`, data: { [field]: [{ age: 40 }, { age: 40 }] } },
          {
            query: `{ ${field} { __typename ... on Guard { age login } plain } }`,
            data: {
              [field]: guards.map(({ name }) => ({
                __typename: 'Guard',
                age: 40,
                login: `@${name}`,
                plain: 1,
              })),
            },
          },
        ]),
        {
          query: '{ users { id plain } }',
          data: { users: guards.map(({ id }) => ({ id, plain: 1 })) },
          sent: 1,
        },
      ],
    },
    {
      promise: 'reached from a third subgraph, with a member that a fourth extends',
      subgraphs: {
        owner: {
          sdl: `type Query { medium: Medium } interface Medium @key(fields: "id") { id: ID! title: String } type Clip implements Medium @key(fields: "id") { id: ID! title: String seconds: Int }
            type Page implements Medium @key(fields: "id") { id: ID! title: String words: Int }`,
          resolvers: {
            Query: { medium: () => ({ __typename: 'Clip', id: '1', title: 't1', seconds: 10 }) },
            Medium: { __resolveReference: ({ id }: Given) => ({ __typename: 'Clip', id, seconds: 10 }) },
            Clip: { __resolveReference: ({ id }: Given) => ({ id, title: 't', seconds: 10 }) },
          },
        },
        authors: {
          sdl: 'type Query { author: String } extend type Clip @key(fields: "id") { id: ID! author: String }',
          resolvers: {
            Query: { author: () => 'Ada' },
            Clip: { __resolveReference: told, author: ({ id }: Given) => `author ${String(id)}` },
          },
        },
        lists: {
          sdl: 'type Query { list: List } type List @key(fields: "id") { id: ID! first: Medium } type Medium @key(fields: "id") @interfaceObject { id: ID! }',
          resolvers: { Query: { list: () => ({ id: 'l', first: { id: '1' } }) } },
        },
      },
      asks: [
        {
          query: `{ medium { id title ${on({ Clip: 'seconds author', Page: 'words' })} } author list { first { id ... on Clip { seconds author } } } }`,
          data: {
            medium: { id: '1', title: 't1', seconds: 10, author: 'author 1' },
            author: 'Ada',
            list: { first: { id: '1', seconds: 10, author: 'author 1' } },
          },
        },
      ],
    },
  ]);
});
