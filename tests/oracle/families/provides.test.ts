import { describe } from 'vitest';
import { holds, never } from './family.ts';

describe('@provides', () => {
  holds([
    {
      promise: 'of nested values saves every way that it can',
      subgraphs: {
        // The first by name, so that it would be preferred where all else is alike.
        also: {
          sdl: 'type Room @key(fields: "id") { id: ID! }',
          resolvers: { Room: { __resolveReference: never } },
        },
        plans: {
          sdl: `type Query { rooms: [Room] @provides(fields: "walls { id name beside { id name } }") }
            type Room @key(fields: "id") { id: ID! walls: [Wall] @external }
            type Wall @key(fields: "id") { id: ID! name: String beside: [Wall] @external }`,
          resolvers: {
            Query: {
              rooms: () => [
                { id: 'r', walls: [{ id: 'w', name: 'north', beside: [{ id: 'e', name: 'east' }] }] },
              ],
            },
            Room: { __resolveReference: never },
            Wall: { __resolveReference: never },
          },
        },
        walls: {
          sdl: `type Room @key(fields: "id") { id: ID! walls: [Wall] @shareable }
            type Wall @key(fields: "id") { id: ID! beside: [Wall] @shareable }`,
          resolvers: { Room: { __resolveReference: never }, Wall: { __resolveReference: never } },
        },
      },
      asks: [
        {
          query: '{ rooms { id walls { id name beside { id name } } } }',
          data: {
            rooms: [{ id: 'r', walls: [{ id: 'w', name: 'north', beside: [{ id: 'e', name: 'east' }] }] }],
          },
          sent: 1,
        },
      ],
    },
    {
      promise: 'of one member of a union serves that one, the others are fetched',
      subgraphs: {
        a: {
          sdl: `type Query { finds: [Find] @provides(fields: "... on Coin { title }") } union Find = Coin | Vase
            type Coin @key(fields: "id") { id: ID! title: String @external } type Vase @key(fields: "id") { id: ID! }`,
          resolvers: {
            Query: {
              finds: () => [
                { __typename: 'Coin', id: 'c', title: 'a coin' },
                { __typename: 'Vase', id: 'v' },
              ],
            },
          },
        },
        b: {
          sdl: `type Coin @key(fields: "id") { id: ID! title: String @shareable } type Vase @key(fields: "id") { id: ID! title: String }`,
          resolvers: {
            Coin: { __resolveReference: never },
            Vase: { __resolveReference: () => ({ title: 'a vase' }) },
          },
        },
      },
      asks: [
        {
          query: '{ finds { ... on Coin { id title } ... on Vase { id } } }',
          data: { finds: [{ id: 'c', title: 'a coin' }, { id: 'v' }] },
          sent: 1,
        },
        {
          query: '{ finds { ... on Coin { title } ... on Vase { title } } }',
          data: { finds: [{ title: 'a coin' }, { title: 'a vase' }] },
        },
      ],
    },
    {
      promise: 'through an interface, where one member has to be fetched by way of the entity above',
      subgraphs: {
        a: {
          sdl: `type Query { show: Show @provides(fields: "animals { id name }") } interface Show { id: ID! animals: [Animal] } interface Animal { id: ID! name: String }
            type Zoo implements Show @key(fields: "id") { id: ID! animals: [Animal] @external }
            type Lion implements Animal { id: ID! @external name: String @external } type Seal implements Animal { id: ID! @external name: String @external }`,
          resolvers: {
            Query: {
              show: () => ({
                __typename: 'Zoo',
                id: 'z',
                animals: [
                  { __typename: 'Lion', id: 'l', name: 'Leo' },
                  { __typename: 'Seal', id: 's', name: 'Sam' },
                ],
              }),
            },
          },
        },
        b: {
          sdl: `interface Animal { id: ID! name: String } type Zoo @key(fields: "id") { id: ID! animals: [Animal] @shareable }
            type Lion implements Animal @key(fields: "id") { id: ID! name: String @shareable age: Int } type Seal implements Animal @key(fields: "id") { id: ID! name: String @shareable age: Int }`,
          resolvers: {
            Zoo: {
              __resolveReference: () => ({
                animals: [
                  { __typename: 'Lion', id: 'l', age: 3 },
                  { __typename: 'Seal', id: 's', age: 6 },
                ],
              }),
            },
          },
        },
      },
      asks: [
        {
          query: '{ show { id animals { id name } } }',
          data: {
            show: {
              id: 'z',
              animals: [
                { id: 'l', name: 'Leo' },
                { id: 's', name: 'Sam' },
              ],
            },
          },
          sent: 1,
        },
        {
          query: '{ show { animals { name ... on Seal { age } } } }',
          data: { show: { animals: [{ name: 'Leo' }, { name: 'Sam', age: 6 }] } },
        },
      ],
    },
    {
      promise: 'brings what the client asked for and nothing else',
      subgraphs: {
        owner: {
          sdl: `type Query { o: Int } type Item @key(fields: "id") { id: ID! name: String! @shareable note: String! @shareable more: String! }`,
          resolvers: { Item: { __resolveReference: () => ({ more: 'more' }), name: never, note: never } },
        },
        provider: {
          sdl: `type Query { item: Item @provides(fields: "name note") } type Item @key(fields: "id") { id: ID! name: String! @external note: String! @external }`,
          resolvers: {
            Query: { item: () => ({ id: '1', name: 'one' }) },
            Item: { __resolveReference: never, note: never },
          },
        },
      },
      asks: [
        ...['name', '... on Item { name }', '... { name } ... @skip(if: true) { note }'].map((selection) => ({
          query: `{ item { ${selection} } }`,
          data: { item: { name: 'one' } },
          sent: 1,
        })),
        {
          query: '{ item { called: name ... @include(if: false) { note } ... { more } } }',
          data: { item: { called: 'one', more: 'more' } },
          sent: 2,
        },
      ],
    },
  ]);
});
