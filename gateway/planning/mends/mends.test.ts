import { QueryPlanner } from '@apollo/query-planner';
import { operationFromDocument, Supergraph as FederatedSupergraph } from '@apollo/federation-internals';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createInProcessGateway, type SubgraphSource } from '#tests/oracle/in-process-gateway.ts';

/** What the planner does by itself. Each test shows first that the defect is there: without it the mend can go. */
function unmendedPlan(sdl: string, query: string): string {
  const supergraph = FederatedSupergraph.build(sdl);
  const operation = operationFromDocument(supergraph.apiSchema(), parse(query));
  return JSON.stringify(new QueryPlanner(supergraph).buildQueryPlan(operation));
}

describe('an entity is never named by a key that leads nowhere', () => {
  const sources: Record<string, SubgraphSource> = {
    a: {
      sdl: `type Query { a: Int } type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! size: Int }`,
      resolvers: { User: { __resolveReference: () => ({ id: '1', email: 'x@y', size: 7 }) } },
    },
    b: {
      sdl: `type Query { member: User }
        type User @key(fields: "id", resolvable: false) @key(fields: "email") {
          id: ID! email: String! size: Int @external age: Int @requires(fields: "size") }`,
      resolvers: {
        Query: { member: () => ({ id: '1', email: 'x@y' }) },
        User: {
          __resolveReference(reference: { email?: string }) {
            if (reference.email === undefined) throw new Error('asked by a key that leads nowhere');
            return reference;
          },
          age: ({ size }: { size: number }) => size * 2,
        },
      },
    },
  };

  it('when it returns to its subgraph for a field with @requires', async () => {
    const gateway = createInProcessGateway(sources);
    expect(unmendedPlan(gateway.supergraph.sdl, '{ member { age } }')).not.toContain('email');
    expect(await gateway.ask('{ member { age } }')).toEqual({ data: { member: { age: 14 } } });
  });
});

describe('a field is told apart by its arguments', () => {
  const price = `price(currency: Currency = GBP): Int`;
  const rates: Record<string, number> = { EUR: 1, USD: 2, GBP: 3 };
  const requiring = (field: string, currency: string): SubgraphSource => ({
    sdl: `enum Currency { EUR USD GBP } type Query { ${field}s: Int }
      type Product @key(fields: "id") { id: ID! ${price} @external ${field}: Int @requires(fields: "price(currency: ${currency})") }`,
    resolvers: { Product: { [field]: (product: { price: number }) => product.price + 100 } },
  });
  const goods: SubgraphSource = {
    sdl: `enum Currency { EUR USD GBP } type Query { product: Product } type Product @key(fields: "id") { id: ID! name: String ${price} }`,
    resolvers: {
      Query: { product: () => ({ id: '1', name: 'Table' }) },
      Product: {
        __resolveReference: ({ id }: { id: string }) => ({ id, name: 'Table' }),
        price: (_: unknown, { currency }: { currency: string }) => rates[currency],
      },
    },
  };

  it('when the client wants it with one and a @requires with another', async () => {
    const gateway = createInProcessGateway({ goods, tax: requiring('tax', 'EUR') });
    const query = '{ product { price(currency: USD) tax } }';
    expect(unmendedPlan(gateway.supergraph.sdl, query)).not.toContain('EUR');
    expect(await gateway.ask(query)).toEqual({ data: { product: { price: 2, tax: 101 } } });
    expect(await gateway.ask('{ product { tax price } }')).toEqual({
      data: { product: { tax: 101, price: 3 } },
    });
  });

  it('when two @requires of different subgraphs want it with different ones', async () => {
    const gateway = createInProcessGateway({
      goods,
      tax: requiring('tax', 'EUR'),
      fee: requiring('fee', 'USD'),
    });
    const query = '{ product { tax fee } }';
    const plan = unmendedPlan(gateway.supergraph.sdl, query);
    expect(plan.includes('EUR') && plan.includes('USD')).toBe(false);
    expect(await gateway.ask(query)).toEqual({ data: { product: { tax: 101, fee: 102 } } });
  });

  it('when two @requires of one subgraph want it with different ones: a representation carries it once', async () => {
    const both: SubgraphSource = {
      sdl: `enum Currency { EUR USD GBP } type Query { duties: Int }
        type Product @key(fields: "id") { id: ID! ${price} @external
          tax: Int @requires(fields: "price(currency: EUR)") fee: Int @requires(fields: "price(currency: USD)") free: Int }`,
      resolvers: {
        Product: {
          tax: (product: { price: number }) => product.price + 100,
          fee: (product: { price: number }) => product.price + 200,
          free: () => 0,
        },
      },
    };
    const gateway = createInProcessGateway({ goods, both });
    expect(await gateway.ask('{ product { fee free tax price } }')).toEqual({
      data: { product: { fee: 202, free: 0, tax: 101, price: 3 } },
    });
    expect(gateway.calls).toHaveLength(2);
    const [, call] = gateway.calls;
    expect(JSON.stringify(call?.request.variables)).not.toContain('required');
  });
});

describe("an alias of the client's is not taken for a field that the gateway needs", () => {
  it('neither for a key nor for a required field nor for __typename', async () => {
    const gateway = createInProcessGateway({
      a: {
        sdl: 'type Query { product: Product } type Product @key(fields: "id") { id: ID! name: String price: Int }',
        resolvers: { Query: { product: () => ({ id: '1', name: 'Table', price: 5 }) } },
      },
      b: {
        sdl: 'type Query { b: Int } type Product @key(fields: "id") { id: ID! price: Int @external tax: Int @requires(fields: "price") }',
        resolvers: {
          Product: { tax: (product: { id: string; price: number }) => Number(product.id) * product.price },
        },
      },
    });
    const query = '{ product { id: name price: id tax } }';
    expect(unmendedPlan(gateway.supergraph.sdl, query)).not.toContain('id:name');
    expect(await gateway.ask(query)).toEqual({ data: { product: { id: 'Table', price: '1', tax: 5 } } });
    expect(await gateway.ask('{ product { __typename: name tax } }')).toEqual({
      data: { product: { __typename: 'Table', tax: 5 } },
    });
  });

  it('nor a variable called $representations for the list of entities', async () => {
    const gateway = createInProcessGateway({
      a: {
        sdl: 'type Query { p: P } type P @key(fields: "id") { id: ID! }',
        resolvers: { Query: { p: () => ({ id: '1' }) } },
      },
      b: {
        sdl: 'type Query { b: Int } type P @key(fields: "id") { id: ID! twice(of: Int): Int }',
        resolvers: { P: { twice: (_: unknown, { of }: { of: number }) => of * 2 } },
      },
    });
    const query = 'query ($representations: Int) { p { twice(of: $representations) } }';
    expect(await gateway.ask(query, { representations: 4 })).toEqual({ data: { p: { twice: 8 } } });
  });
});

describe('a root field whose type has no possible object', () => {
  const gateway = createInProcessGateway({
    a: {
      sdl: 'type Query { m: M n: Int } interface M { id: ID! note: String }',
      resolvers: { Query: { n: () => 1 } },
    },
    b: {
      sdl: 'type Query { b: Int } interface M { id: ID! name: String! hint: String } type X implements M @key(fields: "id") { id: ID! note: String @shareable name: String! hint: String }',
    },
  });

  it('is null with the error that a child which may not be null calls for', async () => {
    expect(JSON.parse(unmendedPlan(gateway.supergraph.sdl, '{ m { name } }'))).toEqual({ kind: 'QueryPlan' });
    const result = await gateway.ask('{ m { name } n }');
    expect(result.data).toEqual({ m: null, n: 1 });
    expect(result.errors).toMatchObject([
      { path: ['m', 'name'], extensions: { code: 'NON_NULL_VIOLATION' } },
    ]);
  });

  it('is null with an error of its own when all that is asked of it may be null', async () => {
    expect(await gateway.ask('{ a: m { hint } n }')).toEqual({
      data: { a: null, n: 1 },
      errors: [
        {
          message: 'No subgraph can answer the field "a".',
          path: ['a'],
          extensions: { code: 'FIELD_NOT_PLANNED' },
        },
      ],
    });
  });

  it('leaves no data at all where it is the whole operation', async () => {
    const unplanned = (name: string) => ({ path: [name], extensions: { code: 'FIELD_NOT_PLANNED' } });
    for (const query of [
      '{ m { hint } }',
      'query ($no: Boolean = false) { m { hint } n @include(if: $no) }',
    ]) {
      expect(await gateway.ask(query)).toMatchObject({ data: null, errors: [unplanned('m')] });
    }
    expect(await gateway.ask('{ a: m { hint } b: m { hint } }')).toMatchObject({
      data: null,
      errors: [unplanned('a'), unplanned('b')],
    });
    expect((await gateway.ask('{ m { hint } __typename }')).data).toEqual({ m: null, __typename: 'Query' });
  });

  it.each(['[M]', '[M!]!', 'M!'])('is an error of its own as %s too', async (type) => {
    const other = createInProcessGateway({
      a: {
        sdl: `type Query { m: ${type} n: Int } interface M { id: ID! }`,
        resolvers: { Query: { n: () => 1 } },
      },
      b: {
        sdl: 'type Query { b: Int } interface M { id: ID! hint: String } type X implements M { id: ID! hint: String }',
      },
    });
    const { data, errors } = await other.ask('{ m { hint } n }');
    expect(data).toEqual(type.endsWith('!') ? null : { m: null, n: 1 });
    expect(errors).toMatchObject([{ path: ['m'], extensions: { code: 'FIELD_NOT_PLANNED' } }]);
  });
});

describe('a root field of a mutation whose type has no possible object', () => {
  it('is null with an error of its own, and the others run', async () => {
    const gateway = createInProcessGateway({
      a: {
        sdl: 'type Query { a: Int } type Mutation { m: M n: Int } interface M { id: ID! }',
        resolvers: { Mutation: { n: () => 1 } },
      },
      b: {
        sdl: 'type Query { b: Int } interface M { id: ID! hint: String } type X implements M { id: ID! hint: String }',
      },
    });
    expect(await gateway.ask('mutation { m { hint } n }')).toMatchObject({
      data: { m: null, n: 1 },
      errors: [{ path: ['m'], extensions: { code: 'FIELD_NOT_PLANNED' } }],
    });
  });
});

describe('root fields of a mutation', () => {
  it('run one after the other in their order, each complete before the next', async () => {
    const happened: string[] = [];
    const record = (name: string) => () => {
      happened.push(name);
      return { id: '1' };
    };
    const gateway = createInProcessGateway({
      a: {
        sdl: 'type Query { a: Int } type Mutation { first: P second: P third: P } type P @key(fields: "id") { id: ID! }',
        resolvers: { Mutation: { first: record('first'), second: record('second'), third: record('third') } },
      },
      b: {
        sdl: 'type Query { b: Int } type Mutation { other: Int } type P @key(fields: "id") { id: ID! size: Int }',
        resolvers: {
          Mutation: {
            other() {
              happened.push('other');
              return 1;
            },
          },
          P: {
            size() {
              happened.push('size');
              return 3;
            },
          },
        },
      },
    });
    const query =
      'mutation { second { size } ...F other first { id } } fragment F on Mutation { third { id size } }';
    const result = await gateway.ask(query);
    expect(result).toEqual({
      data: { second: { size: 3 }, third: { id: '1', size: 3 }, other: 1, first: { id: '1' } },
    });
    expect(happened).toEqual(['second', 'size', 'third', 'size', 'other', 'first']);
    expect(gateway.calls.filter(({ operation }) => operation === 'mutation')).toHaveLength(4);

    happened.length = 0;
    const conditional =
      'mutation ($no: Boolean!) { first @include(if: $no) { id } second { id } first { id } }';
    expect(Object.keys((await gateway.ask(conditional, { no: false })).data ?? {})).toEqual([
      'second',
      'first',
    ]);
    expect(happened).toEqual(['second', 'first']);
  });

  it('run even when conditions leave nothing of what they return', async () => {
    let happened = 0;
    const gateway = createInProcessGateway({
      a: {
        sdl: 'type Query { a: Int } type Mutation { act: P } type P { id: ID!, other: P }',
        resolvers: {
          Mutation: {
            act() {
              happened += 1;
              return { id: '1' };
            },
          },
        },
      },
    });
    const query =
      'mutation ($do: Boolean!, $skip: Boolean!) { act @include(if: $do) { other @skip(if: $skip) { id } } }';
    expect(await gateway.ask(query, { do: true, skip: true })).toEqual({ data: { act: {} } });
    expect(happened).toBe(1);
  });
});

describe('a field of which conditions leave nothing', () => {
  const gateway = createInProcessGateway({
    a: {
      sdl: 'type Query { b: B bs: [B!] none: B } type B { v: Int b: B }',
      resolvers: { Query: { b: () => ({ v: 1, b: { v: 2 } }), bs: () => [{ v: 1 }, { v: 2 }] } },
    },
  });

  it.each([
    ['{ b @include(if: $c) { v @skip(if: $c) } }', { b: {} }],
    ['{ b { v @skip(if: $c) } }', { b: {} }],
    ['{ bs { v @skip(if: $c) } none { v @skip(if: $c) } }', { bs: [{}, {}], none: null }],
    ['{ b { b @include(if: $c) { ... @skip(if: $c) { v } } } }', { b: { b: {} } }],
    ['{ b { ...F } } fragment F on B { v @skip(if: $c) }', { b: {} }],
    ['{ b { v @skip(if: true) } none @skip(if: $c) { v } }', { b: {} }],
  ])('is there all the same: %s', async (selections, data) => {
    expect(await gateway.ask(`query ($c: Boolean!) ${selections}`, { c: true })).toEqual({ data });
  });
});

describe('a fragment on another abstract type below a field of an interface object', () => {
  it.each(['interface J { name: String }', 'union J = P'])('is planned: %s', async (other) => {
    const isInterface = other.startsWith('interface');
    const gateway = createInProcessGateway({
      a: {
        sdl: 'type Query { start: I starts: [I] } type I @interfaceObject @key(fields: "id") { id: ID! }',
        resolvers: { Query: { start: () => ({ id: 'p' }), starts: () => [{ id: 'p' }, { id: 'q' }] } },
      },
      b: {
        sdl: `type Query { b: Int } interface I @key(fields: "id") { id: ID! } ${other}
          type P implements I ${isInterface ? '& J' : ''} @key(fields: "id") { id: ID! name: String }
          type Q implements I @key(fields: "id") { id: ID! name: String } type R ${isInterface ? 'implements J' : ''} { name: String }`,
        resolvers: {
          I: {
            __resolveReference: ({ id }: { id: string }) => ({
              __typename: id.toUpperCase(),
              id,
              name: `n${id}`,
            }),
          },
        },
      },
    });
    const inner = isInterface ? 'name' : '... on P { name }';
    expect(await gateway.ask(`{ start { id ... on J { ${inner} } } }`)).toEqual({
      data: { start: { id: 'p', name: 'np' } },
    });
    expect(await gateway.ask(`{ starts { ...F } } fragment F on J { ${inner} }`)).toEqual({
      data: { starts: [{ name: 'np' }, {}] },
    });
  });
});

describe('a directive on the operation', () => {
  it('goes along with fetches that travel together', async () => {
    const directive = 'directive @tag2(of: String) on QUERY';
    const reference = (it: object) => it;
    const gateway = createInProcessGateway({
      a: {
        sdl: `${directive} type Query { one: T two: [T] } type T @key(fields: "id") { id: ID! }`,
        resolvers: { Query: { one: () => ({ id: '1' }), two: () => [{ id: '2' }] } },
      },
      b: {
        sdl: `${directive} type Query { b: Int } type T @key(fields: "id") { id: ID! x: Int y: Int }`,
        resolvers: { T: { __resolveReference: reference, x: () => 1, y: () => 2 } },
      },
    });
    const result = await gateway.ask('query ($v: String) @tag2(of: $v) { one { x } two { y } }', { v: 'w' });
    expect(result).toEqual({ data: { one: { x: 1 }, two: [{ y: 2 }] } });
    expect(gateway.calls).toHaveLength(2);
    for (const { request } of gateway.calls) {
      expect(request.query).toContain('@tag2(of:$v)');
      expect(request.variables).toMatchObject({ v: 'w' });
    }
  });
});
