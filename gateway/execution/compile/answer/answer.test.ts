import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '#gateway/json/exact-json.ts';
import {
  createInProcessGateway,
  type InProcessGateway,
  type SubgraphSource,
} from '#tests/oracle/in-process-gateway.ts';

/** One subgraph that answers with `data` whatever it is asked, true to its schema or not. */
function answering(sdl: string, data: Record<string, unknown>): InProcessGateway {
  return answeringBy(sdl, () => data);
}

function answeringBy(sdl: string, data: () => Record<string, unknown>): InProcessGateway {
  const lying: SubgraphSource = { sdl, answer: () => Promise.resolve({ data: data() }) };
  return createInProcessGateway({ lying, other: { sdl: 'type Query { other: Int }' } });
}

describe('the data', () => {
  const sdl =
    'type Query { thing: Thing things: [[Thing!]] } type Thing { id: ID! name: String size: Int ratio: Float on: Boolean }';

  it('has exactly the fields of the operation, in its order', async () => {
    const thing = { extra: 1, name: 'n', id: '1', size: 0, on: false, ratio: 0.5 };
    const gateway = answering(sdl, { surplus: true, thing });
    const { data } = await gateway.ask(
      '{ thing { on ...F id } } fragment F on Thing { size ... { name } on ratio }',
    );
    expect(JSON.stringify(data)).toBe('{"thing":{"on":false,"size":0,"name":"n","ratio":0.5,"id":"1"}}');
  });

  it('has what its conditions let through, however they are set', async () => {
    const gateway = answering(sdl, { thing: { id: '1', name: 'n', __typename: 'Thing' } });
    const query =
      'query ($a: Boolean!, $b: Boolean = true) { thing { name @include(if: $a) id ... @skip(if: $b) { t: __typename } } }';
    expect((await gateway.ask(query, { a: true })).data).toEqual({ thing: { name: 'n', id: '1' } });
    expect((await gateway.ask(query, { a: false, b: false })).data).toEqual({
      thing: { id: '1', t: 'Thing' },
    });
    expect(await gateway.ask(query, { a: false, b: null })).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('may have aliases that mean something to JavaScript', async () => {
    const data = JSON.parse(
      '{"__proto__":{"constructor":"c","toString":"t","id":"1","__proto__":7}}',
    ) as Record<string, unknown>;
    const gateway = answering(sdl, data);
    const result = await gateway.ask(
      '{ __proto__: thing { constructor: name toString: name id __proto__: size hasOwnProperty: name } }',
    );
    expect(JSON.stringify(result)).toBe(
      '{"data":{"__proto__":{"constructor":"c","toString":"t","id":"1","__proto__":7,"hasOwnProperty":null}}}',
    );
  });

  it('serialises a number as an ID', async () => {
    expect((await answering(sdl, { thing: { id: 5 } }).ask('{ thing { id } }')).data).toEqual({
      thing: { id: '5' },
    });
  });

  it('is an empty object where no fragment matched', async () => {
    const gateway = answering(
      'type Query { any: Any } union Any = A | B type A { a: Int } type B { b: Int }',
      {
        any: { __typename: 'B' },
      },
    );
    expect(await gateway.ask('{ any { ... on A { a } } }')).toEqual({ data: { any: {} } });
  });
});

describe('fields of one name whose types differ in a subgraph', () => {
  it('come back under the name that the client gave, falsy values and further fetches included', async () => {
    const gateway = createInProcessGateway({
      a: {
        sdl: `type Query { things: [Thing] } union Thing = A | B
          type A { x: Int! @shareable to: P! @shareable } type B { x: Int to: P }
          type P @key(fields: "id", resolvable: false) { id: ID! }`,
        resolvers: {
          Query: {
            things: () => [
              { __typename: 'A', x: 0, to: { id: '2' } },
              { __typename: 'B', x: 0, to: { id: '4' } },
              { __typename: 'B', x: null, to: null },
            ],
          },
        },
      },
      // Here they may be null, and so they may in the supergraph.
      b: {
        sdl: `type Query { b: A } type A { x: Int @shareable to: P @shareable } type P @key(fields: "id") { id: ID! n: Int }`,
        resolvers: { P: { n: ({ id }: { id: string }) => Number(id) - 2 } },
      },
    });
    const { data, errors } = await gateway.ask(
      '{ things { ... on A { x to { n } } ... on B { x to { n } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      things: [
        { x: 0, to: { n: 0 } },
        { x: 0, to: { n: 2 } },
        { x: null, to: null },
      ],
    });
    expect(gateway.calls[0]?.request.query).toContain('x__alias_0');
  });
});

describe('a null where none may be', () => {
  const sdl = `type Query { outer: Outer must: Outer! } type Outer { list: [Inner!] lists: [[Inner!]!] inner: Inner! leaf: Int! }
    type Inner { id: ID! outer: Outer }`;

  it('nulls the next place that may be null, with one error at its own place', async () => {
    const gateway = answering(sdl, {
      outer: { list: [{ id: '1' }, { id: null }], a: [[{ id: '1' }], [null]], inner: { id: '1' } },
    });
    const result = await gateway.ask('{ outer { list { id } a: lists { id } inner { id } } }');
    expect(result.data).toEqual({ outer: { list: null, a: null, inner: { id: '1' } } });
    expect(result.errors?.map(({ path }) => path)).toEqual([
      ['outer', 'list', 1, 'id'],
      ['outer', 'a', 1, 0],
    ]);
  });

  it('may null everything', async () => {
    const result = await answering(sdl, { must: { leaf: null } }).ask('{ must { leaf } }');
    expect(result).toMatchObject({
      data: null,
      errors: [{ path: ['must', 'leaf'], extensions: { code: 'NON_NULL_VIOLATION' } }],
    });
  });

  it('gets no second error when a subgraph has explained it', async () => {
    const lying: SubgraphSource = {
      sdl,
      answer: () =>
        Promise.resolve({
          data: { outer: null },
          errors: [{ message: 'broken', path: ['outer', 'inner', 'id'] }],
        }),
    };
    const result = await createInProcessGateway({ lying }).ask('{ outer { inner { id } } }');
    expect(result.data).toEqual({ outer: null });
    expect(result.errors).toHaveLength(1);
  });
});

describe('a value of another kind than its field', () => {
  const sdl = `type Query { v: V } scalar JSON enum Colour { RED } interface Shape { n: Int } type Box implements Shape { n: Int }
    type V { int: Int float: Float text: String id: ID on: Boolean colour: Colour any: JSON ints: [Int] box: Box boxes: [Box] shape: Shape }`;
  let data: unknown;
  const lying = answeringBy(sdl, () => data as Record<string, unknown>);
  const ask = (field: string, json: string) => {
    data = parseExactJson(`{"v":{"${field}":${json}}}`);
    return lying.ask(`{ v { ${field} ${/^(box|boxes|shape)$/.test(field) ? '{ n }' : ''} } }`);
  };

  it.each([
    ['int', ['2147483648', '-2147483649', '9007199254740993', '1.5', '1e400', '"1"', 'true', '[1]', '{}']],
    ['float', ['1e400', '"1.5"', '"NaN"', 'true', '[1.5]', '{}']],
    ['text', ['1', '1.0', '9007199254740993', 'true', '["a"]', '{}']],
    ['id', ['1.5', '1e400', 'true', '["a"]', '{}']],
    ['on', ['"true"', '1', '0', '[true]', '{}']],
    ['colour', ['"BLUE"', '0', 'true', '["RED"]', '{}']],
    ['ints', ['1', '{}', '"1"']],
    ['box', ['[{"n":1}]', '[]', '1', '"Box"', '9007199254740993']],
    ['boxes', ['{"n":1}', '1', '9007199254740993']],
    ['shape', ['[{"__typename":"Box","n":1}]', '[]', '{"__typename":"V"}', '9007199254740993']],
  ])('is null with one error at its place: %s', async (field, values) => {
    for (const value of values) {
      const { data: told, errors } = await ask(field, value);
      expect({ value, told }).toEqual({ value, told: { v: { [field]: null } } });
      expect(errors).toHaveLength(1);
      expect(errors).toMatchObject([{ path: ['v', field], extensions: { code: 'INVALID_VALUE' } }]);
    }
  });

  it('takes nothing else of its list away', async () => {
    data = { v: { ints: [1, 2 ** 31], boxes: [[], { n: 1 }] } };
    const { data: told, errors } = await lying.ask('{ v { ints boxes { n } } }');
    expect(told).toEqual({ v: { ints: [1, null], boxes: [null, { n: 1 }] } });
    expect(errors?.map(({ path }) => path)).toEqual([
      ['v', 'ints', 1],
      ['v', 'boxes', 0],
    ]);
  });

  it.each([
    ['int', ['2147483647', '-2147483648', '0', '-0', '7.0', '1e2']],
    ['float', ['1', '1.5', '-0.5', '9007199254740993', '1e2']],
    ['id', ['"1"', '1', '9007199254740993', '-5', '1.0']],
    ['any', ['1.0', '"a"', '[1]', '{"a":[{}]}', '9007199254740993', 'true']],
  ])('is answered where it is one of the field: %s', async (field, values) => {
    for (const value of values) {
      const { data: told, errors } = await ask(field, value);
      expect({ value, errors }).toEqual({ value });
      const expected = field === 'id' ? `"${value.replaceAll(/"|\.0/g, '')}"` : value;
      const exact = field === 'any' ? expected : JSON.stringify(JSON.parse(expected));
      expect(JSON.stringify(told)).toBe(`{"v":{"${field}":${exact}}}`);
    }
  });
});

describe('values that the API schema does not know', () => {
  it('are null with an error: enum values, also inaccessible ones, and leaves of another type', async () => {
    const sdl =
      'type Query { colour: Colour colours: [Colour] size: Int } enum Colour { RED GREEN HIDDEN @inaccessible }';
    const gateway = answering(sdl, { colour: 'HIDDEN', colours: ['RED', 'MAUVE', null], size: 'big' });
    const result = await gateway.ask('{ colour colours size }');
    expect(result.data).toEqual({ colour: null, colours: ['RED', null, null], size: null });
    expect(result.errors?.map(({ path, extensions }) => [path, extensions?.['code']])).toEqual([
      [['colour'], 'INVALID_VALUE'],
      [['colours', 1], 'INVALID_VALUE'],
      [['size'], 'INVALID_VALUE'],
    ]);
  });

  it('are null with an error: objects of inaccessible types and of none at all', async () => {
    const sdl = `type Query { shapes: [Shape] } interface Shape { area: Int } type Square implements Shape { area: Int }
      type Secret implements Shape @inaccessible { area: Int }`;
    const shapes = [
      { __typename: 'Square', area: 4 },
      { __typename: 'Secret', area: 5 },
      { __typename: 'Ghost' },
      'text',
    ];
    const result = await answering(sdl, { shapes }).ask('{ shapes { __typename area } }');
    expect(result.data).toEqual({ shapes: [{ __typename: 'Square', area: 4 }, null, null, null] });
    expect(result.errors?.map(({ path }) => path)).toEqual([
      ['shapes', 1],
      ['shapes', 2],
      ['shapes', 3],
    ]);
    expect(JSON.stringify(result.errors)).not.toContain('Secret');
  });

  it('still go into representations', async () => {
    const gateway = createInProcessGateway({
      a: {
        sdl: `type Query { boxes: [Box] } type Box @key(fields: "id") { id: ID! node: Node @shareable } interface Node { id: ID! }
          type Open implements Node { id: ID! @shareable }
          type Closed implements Node @inaccessible { id: ID! @shareable code: Int @shareable }`,
        resolvers: {
          Query: { boxes: () => [{ id: '1', node: { __typename: 'Closed', id: 'n', code: 7 } }] },
        },
      },
      b: {
        sdl: `type Query { b: Int } interface Node { id: ID! } type Open implements Node { id: ID! @shareable }
          type Closed implements Node @inaccessible { id: ID! @shareable code: Int @shareable }
          type Box @key(fields: "id") {
            id: ID! node: Node @external weight: Int @requires(fields: "node { id ... on Closed { code } }") }`,
        resolvers: { Box: { weight: ({ node: { code } }: { node: { code: number } }) => code } },
      },
    });
    expect(await gateway.ask('{ boxes { weight } }')).toEqual({ data: { boxes: [{ weight: 7 }] } });
  });
});

describe('@interfaceObject', () => {
  it('does not hide the type that another subgraph told', async () => {
    const gateway = createInProcessGateway({
      media: {
        sdl: `type Query { m: Int } interface Media @key(fields: "id") { id: ID! title: String } type Book implements Media @key(fields: "id") { id: ID! title: String }`,
        resolvers: {
          Media: { __resolveReference: ({ id }: { id: string }) => ({ __typename: 'Book', id, title: 'T' }) },
        },
      },
      reviews: {
        sdl: `type Query { top: Media } type Media @interfaceObject @key(fields: "id") { id: ID! title: String @external likes: Int blurb: String @requires(fields: "title") }`,
        resolvers: {
          Query: { top: () => ({ id: '1' }) },
          Media: { likes: () => 3, blurb: ({ title }: { title: string }) => `about ${title}` },
        },
      },
    });
    expect(await gateway.ask('{ top { likes } }')).toEqual({ data: { top: { likes: 3 } } });
    expect(await gateway.ask('{ top { __typename blurb ... on Book { likes title } } }')).toEqual({
      data: { top: { __typename: 'Book', blurb: 'about T', likes: 3, title: 'T' } },
    });
  });
});

describe('introspection', () => {
  const gateway = answering('type Query { a: A } type A { id: ID! secret: Int @inaccessible }', {
    a: { id: '1' },
  });

  it('is answered without a subgraph, on the API schema, beside data', async () => {
    const whole = await gateway.ask(getIntrospectionQuery());
    expect(whole.errors).toBeUndefined();
    expect(JSON.stringify(whole.data)).not.toContain('secret');
    expect(gateway.calls).toHaveLength(0);
    const query = 'query ($name: String!) { t: __type(name: $name) { fields { name } } a { id } __typename }';
    expect((await gateway.ask(query, { name: 'A' })).data).toEqual({
      t: { fields: [{ name: 'id' }] },
      a: { id: '1' },
      __typename: 'Query',
    });
    expect((await gateway.ask(query, { name: 'Nothing' })).data).toMatchObject({ t: null });
  });

  it('is computed once', async () => {
    const { data: first } = await gateway.ask('{ __schema { queryType { name } } }');
    const { data: second } = await gateway.ask('{ __schema { queryType { name } } }');
    expect(second?.['__schema']).toBe(first?.['__schema']);
  });
});
