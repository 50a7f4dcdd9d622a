import type { StubDefinition } from '#tests/support/subgraphs/stub-subgraphs.ts';

/**
 * The first workload: people, films, what people think of films, and where they are shown. Four subgraphs; the query
 * goes round in circles through all of them, as clients' queries do, and its answer is some 90 KB.
 */

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
  import: ["@key", "@external", "@requires", "@provides", "@shareable"])`;

const SENTENCES = [
  'The light of the opening scene alone is worth the ticket.',
  'I have seen it three times and would see it a fourth.',
  'Too long by half an hour, and I enjoyed every minute of that half hour.',
  'My neighbour slept through it and calls it a masterpiece.',
  'What the trailer promises, the film forgets to keep.',
];
const prose = (seed: number, length: number) => {
  let text = '';
  for (let i = seed; text.length < length; i += 1) text += `${SENTENCES[i % SENTENCES.length]} `;
  return text.slice(0, length);
};

const people = Array.from({ length: 6 }, (_, i) => ({
  id: `p${i + 1}`,
  name: `Person Number ${i + 1}`,
  handle: `person_${i + 1}`,
}));
const films = Array.from({ length: 9 }, (_, i) => ({
  code: `F${i + 1}`,
  title: `The ${i + 1}. Film`,
  minutes: 80 + 13 * i,
  year: 1970 + 6 * i,
}));
/** Of the five best films: opinion lengths, the film each is about. */
const opinions = [
  [430, 'F1'],
  [300, 'F1'],
  [260, 'F1'],
  [150, 'F1'],
  [430, 'F2'],
  [300, 'F2'],
  [260, 'F2'],
  [150, 'F2'],
  [150, 'F3'],
  [160, 'F4'],
  [840, 'F4'],
].map(([length, code], i) => ({
  id: `o${i + 1}`,
  text: prose(i, Number(length)),
  film: { code: String(code) },
}));

type Film = (typeof films)[number];

export const FILMS: readonly StubDefinition[] = [
  {
    name: 'people',
    typeDefs: `${LINK}
      type Query { people: [Person] }
      type Person @key(fields: "id") { id: ID! name: String handle: String @shareable }`,
    resolvers: {
      Query: { people: () => people },
      Person: { __resolveReference: ({ id }: { id: string }) => people.find((person) => person.id === id) },
    },
  },
  {
    name: 'films',
    typeDefs: `${LINK}
      type Query { bestFilms(first: Int = 5): [Film] }
      type Film @key(fields: "code") { code: ID! title: String minutes: Int year: Int }`,
    resolvers: {
      Query: { bestFilms: (_: never, { first }: { first: number }) => films.slice(0, first) },
      Film: { __resolveReference: ({ code }: { code: string }) => films.find((film) => film.code === code) },
    },
  },
  {
    name: 'opinions',
    typeDefs: `${LINK}
      type Query { opinion(id: ID!): Opinion }
      type Opinion @key(fields: "id") { id: ID! text: String film: Film author: Person @provides(fields: "handle") }
      type Person @key(fields: "id") { id: ID! handle: String @external opinions: [Opinion] }
      type Film @key(fields: "code") { code: ID! opinions: [Opinion] }`,
    resolvers: {
      Query: { opinion: (_: never, { id }: { id: string }) => opinions.find((opinion) => opinion.id === id) },
      Opinion: {
        __resolveReference: ({ id }: { id: string }) => opinions.find((opinion) => opinion.id === id),
        author: () => ({ id: 'p1', handle: 'person_1' }),
      },
      Person: {
        __resolveReference: (person: { id: string }) => person,
        opinions: () => opinions.slice(0, 2),
      },
      Film: {
        __resolveReference: (film: { code: string }) => film,
        opinions: ({ code }: { code: string }) => opinions.filter(({ film }) => film.code === code),
      },
    },
  },
  {
    name: 'cinemas',
    typeDefs: `${LINK}
      type Query { cinemas: Int }
      type Film @key(fields: "code") {
        code: ID! minutes: Int @external year: Int @external
        showing: Boolean ticketPrice: Int @requires(fields: "minutes year")
      }`,
    resolvers: {
      Query: { cinemas: () => 12 },
      Film: {
        __resolveReference: (film: Film) => film,
        showing: ({ code }: Film) => Number(code.slice(1)) % 2 === 1,
        ticketPrice: ({ minutes, year }: Film) => (year < 1980 ? 500 : 5 * minutes),
      },
    },
  },
];

export const FILMS_QUERY = `
  query Evening {
    people { ...Who opinions { ...What film { ...Which opinions { ...Deep } } } }
    bestFilms { ...Which opinions { ...Deep } }
  }
  fragment Deep on Opinion { ...What author { ...Who opinions { ...What film { ...Which } } } }
  fragment Who on Person { id name handle }
  fragment What on Opinion { id text }
  fragment Which on Film { code title minutes year showing ticketPrice }
`;

/** The same work under names of its own, so that no gateway has seen it: the `n`th new operation. */
export function newFilmsQuery(n: number): string {
  return FILMS_QUERY.replace('query Evening', `query Evening${n}`)
    .replace('bestFilms {', `best${n}: bestFilms {`)
    .replace('on Person { id', `on Person { id${n}: id`);
}

type Call = readonly [subgraph: string, query: string, representations?: readonly object[]];

const entities = (selection: string) =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ${selection} } }`;
const filmKeys = (...codes: number[]) => codes.map((n) => ({ __typename: 'Film', code: `F${n}` }));
const requiredOf = (...codes: number[]) =>
  films
    .filter((_, i) => codes.includes(i + 1))
    .map(({ code, minutes, year }) => ({ __typename: 'Film', code, minutes, year }));
const AUTHORED = 'id text author { __typename id handle opinions { id text film { __typename code } } }';
const SHOWN = entities('... on Film { showing ticketPrice }');

/** The fewest calls that hold all that the query asks for, in the fewest rounds: what no gateway can do without. */
export const FILMS_FLOOR: readonly (readonly Call[])[] = [
  [
    ['films', '{ bestFilms { __typename code title minutes year } }'],
    ['people', '{ people { __typename id name handle } }'],
  ],
  [
    ['cinemas', SHOWN, requiredOf(1, 2, 3, 4, 5)],
    [
      'opinions',
      entities(
        `... on Film { opinions { ${AUTHORED} } } ... on Person { opinions { id text film { __typename code opinions { ${AUTHORED} } } } }`,
      ),
      [...filmKeys(1, 2, 3, 4, 5), ...people.map(({ id }) => ({ __typename: 'Person', id }))],
    ],
  ],
  [
    ['films', entities('... on Film { title minutes year }'), filmKeys(1)],
    ['people', entities('... on Person { name }'), [{ __typename: 'Person', id: 'p1' }]],
  ],
  [['cinemas', SHOWN, requiredOf(1)]],
];
