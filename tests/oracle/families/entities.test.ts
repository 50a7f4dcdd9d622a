import { describe } from 'vitest';
import { type Family, type Given, holds, told } from './family.ts';

describe('ways from subgraph to subgraph', () => {
  const stops = ['1', '2'].map((id) => ({ id, code: `c${id}`, hall: { id: `h${id}` } }));
  const known = (reference: Given) => stops.find(({ id }) => id === reference['id']);
  const pieces = 'id: ID! tag: ID! mark: Mark! ';
  const mark = 'type Mark @shareable { maker: ID! year: ID! number: ID! }';
  const piece = { id: '1', tag: 't1', mark: { maker: 'm', year: 'y', number: 'n' } };
  const books = (reference: Given) => {
    const name = reference['id'] ?? reference['mark'];
    if (typeof name !== 'string') throw new Error('a reference without a key');
    return { id: name.replace('b', ''), mark: `b${name.replace('b', '')}` };
  };
  const families: Family[] = [
    {
      promise: 'a key that is no key where the object comes from',
      subgraphs: {
        desk: {
          sdl: 'type Query { visitor: Visitor } type Visitor @key(fields: "id") { id: ID! email: String! }',
          resolvers: { Query: { visitor: () => ({ id: '1', email: 'v@museum' }) } },
        },
        badges: {
          sdl: 'type Visitor @key(fields: "email") { email: String! @external badge: String! }',
          resolvers: {
            Visitor: { __resolveReference: ({ email }: Given) => ({ badge: `of ${String(email)}` }) },
          },
        },
      },
      asks: [
        { query: '{ visitor { id badge } }', data: { visitor: { id: '1', badge: 'of v@museum' } }, sent: 2 },
      ],
    },
    {
      promise: 'keys of objects in lists that grow from subgraph to subgraph',
      subgraphs: {
        tours: {
          sdl: `type Query { tour: Tour } type Tour @key(fields: "stops { id }") { stops: [Stop!]! }
            type Stop @key(fields: "id") { id: ID! }`,
          resolvers: { Query: { tour: () => ({ stops: stops.map(({ id }) => ({ id })) }) } },
        },
        codes: {
          sdl: 'type Stop @key(fields: "id") { id: ID! code: String @shareable hall: Hall @shareable } type Hall @key(fields: "id") { id: ID! }',
          resolvers: { Stop: { __resolveReference: known } },
        },
        guide: {
          sdl: `type Tour @key(fields: "stops { id code }") { stops: [Stop!]! length: Int first: Stop @shareable }
            type Stop @key(fields: "id code") { id: ID! code: String }`,
          resolvers: {
            Tour: {
              __resolveReference: told,
              length: ({ stops: all }: { stops: unknown[] }) => all.length,
              first: ({ stops: all }: { stops: unknown[] }) => all[0],
            },
          },
        },
        tickets: {
          sdl: `type Tour @key(fields: "first { id } stops { id code hall { id } }") { stops: [Stop!]! first: Stop price: Int }
            type Stop @key(fields: "id code hall { id }") { id: ID! code: String hall: Hall fee: Int } type Hall @key(fields: "id") { id: ID! }`,
          resolvers: {
            Tour: {
              __resolveReference: told,
              price: ({ stops: all }: { stops: unknown[] }) => all.length * 5,
            },
            Stop: { __resolveReference: told, fee: ({ hall }: { hall: Given }) => String(hall['id']).length },
          },
        },
      },
      asks: [
        {
          query: '{ tour { length price first { code } stops { fee hall { id } } } }',
          data: {
            tour: {
              length: 2,
              price: 10,
              first: { code: 'c1' },
              stops: stops.map(({ hall }) => ({ fee: 2, hall })),
            },
          },
        },
      ],
    },
    {
      promise: 'a value whose fields come by way of the entity above it, and an entity of its own in the end',
      subgraphs: {
        a: {
          sdl: 'type Exhibit @key(fields: "id") { id: ID @external room: Room @shareable } type Room { light: String }',
          resolvers: {
            Exhibit: { __resolveReference: ({ id }: Given) => ({ room: { light: `for ${String(id)}` } }) },
          },
        },
        b: {
          sdl: 'type Exhibit @key(fields: "id") { id: ID @external room: Room @shareable } type Room { id: ID @shareable }',
          resolvers: { Exhibit: { __resolveReference: () => ({ room: { id: 3 } }) } },
        },
        c: {
          sdl: 'type Room @key(fields: "id") { id: ID name: String }',
          resolvers: {
            Room: { __resolveReference: told, name: ({ id }: Given) => `room ${String(id)}` },
          },
        },
        d: {
          sdl: 'type Query { exhibit(id: ID!): Exhibit } type Exhibit @key(fields: "id") { id: ID title: String }',
          resolvers: {
            Query: { exhibit: (_: unknown, { id }: Given) => ({ id, title: `title ${String(id)}` }) },
          },
        },
      },
      asks: [
        {
          query: '{ exhibit(id: "1") { id title room { id name light } } }',
          data: {
            exhibit: {
              id: '1',
              title: 'title 1',
              room: { id: '3', name: 'room 3', light: 'for 1' },
            },
          },
        },
      ],
    },
    {
      promise: 'many keys of which each subgraph resolves one: the right one is sent',
      subgraphs: {
        catalogue: {
          sdl: `${mark} type Piece @key(fields: "id") @key(fields: "tag", resolvable: false) @key(fields: "mark { maker year }", resolvable: false)
            @key(fields: "id mark { year number }", resolvable: false) { ${pieces} title: String! }`,
          resolvers: {
            Piece: {
              __resolveReference: ({ id, ...rest }: Given) => {
                if (typeof id !== 'string') throw new Error(`no id in ${JSON.stringify(rest)}`);
                return { ...piece, id, title: `title ${id}` };
              },
            },
          },
        },
        boxes: {
          sdl: `${mark} type Query { box: Box } type Box @key(fields: "id") { id: ID! pieces: [Piece!]! }
            type Piece @key(fields: "mark { maker year }", resolvable: false) @key(fields: "id mark { year number }") @key(fields: "tag", resolvable: false)
              @key(fields: "id", resolvable: false) { ${pieces} title: String! @external label: String! @requires(fields: "title") }`,
          resolvers: {
            Query: { box: () => ({ id: 'b', pieces: [piece] }) },
            Piece: {
              __resolveReference: ({ id, title, mark: by }: Given) => ({
                ...piece,
                label: `${String(id)} ${String(title)} ${JSON.stringify(by)}`,
              }),
            },
          },
        },
      },
      asks: [
        {
          query: '{ box { pieces { title label } } }',
          data: {
            box: { pieces: [{ title: 'title 1', label: '1 title 1 {"year":"y","number":"n"}' }] },
          },
        },
      ],
    },
    {
      promise: 'an entity that the subgraph on the way does not know is not asked for in the next',
      subgraphs: {
        shelves: {
          sdl: 'type Query { shelves: [Shelf] } type Shelf { book: Book } type Book @key(fields: "mark") { mark: ID! }',
          resolvers: { Query: { shelves: () => ['b1', 'b2'].map((mark) => ({ book: { mark } })) } },
        },
        ids: {
          sdl: 'type Book @key(fields: "id") @key(fields: "mark") { id: ID! mark: ID! }',
          resolvers: {
            Book: {
              __resolveReference: (key: Given) => (key['mark'] === 'b2' ? null : books(key)),
            },
          },
        },
        authors: {
          sdl: 'type Book @key(fields: "id") { id: ID! author: Author } type Author { name: String }',
          resolvers: {
            Book: {
              __resolveReference: books,
              author: ({ id }: Given) => ({ name: `author ${String(id)}` }),
            },
          },
        },
      },
      asks: [
        {
          query: '{ shelves { book { mark author { name } } } }',
          data: {
            shelves: [
              { book: { mark: 'b1', author: { name: 'author 1' } } },
              { book: { mark: 'b2', author: null } },
            ],
          },
        },
      ],
    },
    {
      promise: 'one root value of which each subgraph has a part',
      subgraphs: Object.fromEntries(
        Object.entries({ name: 'Name', place: 'Place', fee: 'Fee' }).map(([field, type]) => [
          field,
          {
            sdl: `type Query { gallery: Gallery! @shareable galleries: [Gallery!]! @shareable }
              type Gallery { id: ID! @shareable ${field}: ${type}! } type ${type} { text: String! }`,
            resolvers: {
              Query: {
                gallery: () => ({ id: '1', [field]: { text: field } }),
                galleries: () => ['1', '2'].map((id) => ({ id, [field]: { text: field + id } })),
              },
            },
          },
        ]),
      ),
      asks: [
        {
          query:
            '{ gallery { id name { text } place { text } fee { text } } galleries { name { text } fee { text } } }',
          data: {
            gallery: { id: '1', name: { text: 'name' }, place: { text: 'place' }, fee: { text: 'fee' } },
            galleries: ['1', '2'].map((id) => ({ name: { text: `name${id}` }, fee: { text: `fee${id}` } })),
          },
          sent: 3,
        },
      ],
    },
  ];
  holds(families);
});

describe('types that a subgraph extends', () => {
  const person = 'id: ID! @external name: String! @external desk: ID';
  const query = 'type Query { anyone: Person informed: Person @provides(fields: "name") }';
  const forms = {
    'extend type in Federation 1': [`extend type Person @key(fields: "id") { ${person} }`, true],
    '@extends in Federation 1': [`type Person @extends @key(fields: "id") { ${person} }`, true],
    'extend type': [`extend type Person @key(fields: "id") { ${person} }`, false],
    '@extends': [`type Person @federation__extends @key(fields: "id") { ${person} }`, false],
  } as const;
  holds(
    Object.entries(forms).map(([promise, [type, isFederation1]]) => ({
      promise: `${promise}: an external field comes from its owner, or from here where it is provided`,
      subgraphs: {
        desks: {
          sdl: `${query} ${type}`,
          isFederation1,
          resolvers: {
            Query: {
              anyone: () => ({ id: '1', desk: 'd1' }),
              informed: () => ({ id: '1', desk: 'd1', name: 'provided' }),
            },
            Person: { name: ({ name }: Given) => name ?? 'unknown here' },
          },
        },
        people: {
          sdl: `type Query { person(id: ID): Person } type Person @key(fields: "id") { id: ID! name: String! ${isFederation1 ? '' : '@shareable'} phone: String }`,
          isFederation1,
          resolvers: {
            Query: { person: (_: unknown, { id }: Given) => ({ id, name: `n${String(id)}`, phone: '5' }) },
            Person: { __resolveReference: ({ id }: Given) => ({ id, name: `n${String(id)}`, phone: '5' }) },
          },
        },
      },
      asks: [
        { query: '{ anyone { id desk } }', data: { anyone: { id: '1', desk: 'd1' } }, sent: 1 },
        {
          query: '{ anyone { desk name } person(id: "2") { id name phone } }',
          data: { anyone: { desk: 'd1', name: 'n1' }, person: { id: '2', name: 'n2', phone: '5' } },
        },
        {
          query: '{ informed { id desk name } }',
          data: { informed: { id: '1', desk: 'd1', name: 'provided' } },
          sent: 1,
        },
      ],
    })),
  );
  holds([
    {
      promise: 'an extension whose keys are all external is resolved by what its owner knows of them',
      subgraphs: {
        works: {
          sdl: 'type Query { work: Work } type Work @key(fields: "id") { id: ID! name: String size: ID }',
          isFederation1: true,
          resolvers: { Query: { work: () => ({ id: '1', name: 'n1', size: 's' }) } },
        },
        prices: {
          sdl: `type Query { p: Int } extend type Work @key(fields: "id name") @key(fields: "mark")
            { id: ID @external name: String @external mark: String @external price: Float! }`,
          isFederation1: true,
          resolvers: {
            Work: {
              __resolveReference: ({ id, name }: Given) => ({
                mark: `${String(id)}${String(name)}`,
                price: 2.5,
              }),
            },
          },
        },
      },
      asks: [
        {
          query: '{ work { id name size price mark } }',
          data: { work: { id: '1', name: 'n1', size: 's', price: 2.5, mark: '1n1' } },
        },
      ],
    },
  ]);
});
