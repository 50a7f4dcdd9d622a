import { compose } from '#tests/oracle/supergraphs.ts';

/** A supergraph that the planner (2.14.4) loses itself in: it finds no end of the query below. */
export const ENDLESS: string = compose({
  name: 'endless',
  subgraphs: {
    a: 'type Query { start: I } type I @interfaceObject @key(fields: "id") { id: ID! }',
    b: `interface I @key(fields: "id") { id: ID! required: String }
        type P implements I @key(fields: "id") { id: ID! required: String }`,
    c: `type I @interfaceObject @key(fields: "id") {
          id: ID! required: String @external data: String @requires(fields: "required")
        }`,
  },
});

export const ENDLESS_QUERY = '{ start { ... on P { data } } }';
