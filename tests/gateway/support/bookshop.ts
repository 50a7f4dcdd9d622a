import type { StubDefinition } from '#tests/support/subgraphs/stub-subgraphs.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])';

const books = [
  { isbn: '1', title: 'Alpha' },
  { isbn: '2', title: 'Beta' },
];

let nextSale = 1;

/** A small shop over three subgraphs: books from `catalogue`, their stock from `stock`, their readers' votes from `votes`. */
export const BOOKSHOP: readonly StubDefinition[] = [
  {
    name: 'catalogue',
    typeDefs: `${LINK}
      type Query { books: [Book!] book(isbn: ID!): Book }
      type Book @key(fields: "isbn") { isbn: ID! title: String }`,
    resolvers: {
      Query: {
        books: () => books,
        book: (_: never, { isbn }: { isbn: string }) => books.find((book) => book.isbn === isbn),
      },
      Book: { __resolveReference: ({ isbn }: { isbn: string }) => books.find((book) => book.isbn === isbn) },
    },
  },
  {
    name: 'stock',
    typeDefs: `${LINK}
      type Query { warehouse: String }
      type Mutation { sell(isbn: ID!): Int }
      type Book @key(fields: "isbn") { isbn: ID! copies: Int }`,
    resolvers: {
      Query: { warehouse: () => 'north' },
      Mutation: { sell: () => nextSale++ },
      Book: {
        __resolveReference: (book: { isbn: string }) => book,
        copies: ({ isbn }: { isbn: string }) => Number(isbn) * 10,
      },
    },
  },
  {
    name: 'votes',
    typeDefs: `${LINK}
      type Query { bestYear: Int }
      type Book @key(fields: "isbn") { isbn: ID! stars: Int }`,
    resolvers: {
      Query: { bestYear: () => 1999 },
      Book: {
        __resolveReference: (book: { isbn: string }) => book,
        stars: ({ isbn }: { isbn: string }) => Number(isbn),
      },
    },
  },
];

/** Needs every subgraph: `books` of catalogue, and two fields a book of the others. */
export const EVERYTHING = '{ books { isbn title copies stars } warehouse bestYear }';

export const EVERYTHING_ANSWER = {
  books: [
    { isbn: '1', title: 'Alpha', copies: 10, stars: 1 },
    { isbn: '2', title: 'Beta', copies: 20, stars: 2 },
  ],
  warehouse: 'north',
  bestYear: 1999,
};

/** The same without the fields of one subgraph. */
export function everythingWithout(subgraph: string): Record<string, unknown> {
  const { books: all, warehouse, bestYear } = EVERYTHING_ANSWER;
  return {
    books:
      subgraph === 'catalogue'
        ? null
        : all.map((book) => ({
            ...book,
            copies: subgraph === 'stock' ? null : book.copies,
            stars: subgraph === 'votes' ? null : book.stars,
          })),
    warehouse: subgraph === 'stock' ? null : warehouse,
    bestYear: subgraph === 'votes' ? null : bestYear,
  };
}
