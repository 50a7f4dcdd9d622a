import { describe, expect, it } from 'vitest';
import { UpstreamError } from '#gateway/subgraphs/calls/calls.ts';
import { createInProcessGateway, type SubgraphSource } from '#tests/oracle/in-process-gateway.ts';

interface Ref {
  readonly id: string;
}

const posts: SubgraphSource = {
  sdl: `type Query { posts: [Post!] featured: Post drafts: [Post] }
    type Post @key(fields: "id") { id: ID! title: String author: User }
    type User @key(fields: "id", resolvable: false) { id: ID }`,
  resolvers: {
    Query: {
      posts: () =>
        ['1', '2', '3'].map((id) => ({ id, title: `t${id}`, author: { id: id === '3' ? 'b' : 'a' } })),
      featured: () => ({ id: '9', title: '', author: { id: 'a' } }),
      drafts: () => [
        { id: '4', author: { id: null } },
        null,
        { id: '5', author: { id: 'zero' } },
        { id: '6', author: null },
      ],
    },
  },
};
const users: SubgraphSource = {
  sdl: `type Query { u: Int } type User @key(fields: "id") { id: ID name: String posts: Int! tag(of: String): String }`,
  resolvers: {
    User: {
      __resolveReference: ({ id }: Ref) => (id === 'ghost' ? null : { id }),
      name: ({ id }: Ref) => (id === 'zero' ? '' : `user ${id}`),
      posts: ({ id }: Ref) => (id === 'zero' ? 0 : 2),
      tag: ({ id }: Ref, { of }: { of?: string }) => `${id}:${of ?? '-'}`,
    },
  },
};

describe('calls', () => {
  it('name every entity once, however often it stands in the answer, and give each place its data', async () => {
    const gateway = createInProcessGateway({ posts, users });
    const result = await gateway.ask('{ posts { author { name } } }');
    expect(result.data).toEqual({
      posts: [{ author: { name: 'user a' } }, { author: { name: 'user a' } }, { author: { name: 'user b' } }],
    });
    expect(gateway.calls.map(({ request }) => request.variables)).toEqual([
      {},
      {
        representations: [
          { __typename: 'User', id: 'a' },
          { __typename: 'User', id: 'b' },
        ],
      },
    ]);
  });

  it('for one subgraph travel together, and one list serves places of which the same is asked', async () => {
    const gateway = createInProcessGateway({ posts, users });
    const result = await gateway.ask(
      '{ posts { author { name } } featured { author { name } } drafts { author { tag } } }',
    );
    expect(result.errors).toBeUndefined();
    expect(result.data?.['featured']).toEqual({ author: { name: 'user a' } });
    expect(gateway.calls).toHaveLength(2);
    const { query, variables } = gateway.calls[1]!.request;
    expect(query.match(/_entities/g)).toHaveLength(2);
    expect(
      Object.values(variables ?? {})
        .map((list) => (list as unknown[]).length)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
  });

  it('are the same bytes for the same request', async () => {
    const gateway = createInProcessGateway({ posts, users });
    const query = 'query ($t: String) { posts { author { name tag(of: $t) } } featured { author { tag } } }';
    await gateway.ask(query, { t: 'x' });
    const first = gateway.calls.splice(0).map(({ request }) => JSON.stringify(request));
    await gateway.ask(query, { t: 'x' });
    expect(gateway.calls.map(({ request }) => JSON.stringify(request))).toEqual(first);
  });

  it('do not happen when there is nothing to ask for', async () => {
    const none: SubgraphSource = {
      ...posts,
      resolvers: { Query: { posts: () => [], featured: () => null } },
    };
    const gateway = createInProcessGateway({ posts: none, users });
    expect(await gateway.ask('{ posts { author { name } } featured { author { name } } }')).toEqual({
      data: { posts: [], featured: null },
    });
    expect(gateway.calls).toHaveLength(1);
  });

  it('leave an entity out whose key is null, and no other; falsy values are values', async () => {
    const gateway = createInProcessGateway({ posts, users });
    const result = await gateway.ask('{ drafts { author { name } } }');
    expect(result).toEqual({
      data: { drafts: [{ author: { name: null } }, null, { author: { name: '' } }, { author: null }] },
    });
    expect(gateway.calls[1]?.request.variables).toEqual({
      representations: [{ __typename: 'User', id: 'zero' }],
    });
  });

  it('that wait for each other do not wait for a subgraph that hangs', async () => {
    const slow = Promise.withResolvers<void>();
    const asked: string[] = [];
    const gateway = createInProcessGateway({
      posts,
      users: {
        ...users,
        answer(call, own) {
          asked.push(call.subgraph);
          return own();
        },
      },
      slow: {
        sdl: 'type Query { late: User } type User @key(fields: "id", resolvable: false) { id: ID }',
        resolvers: { Query: { late: () => ({ id: 'late' }) } },
        answer: (_call, own) => slow.promise.then(own),
      },
    });
    const result = gateway.ask('{ late { name } posts { author { posts } } }');
    await expect.poll(() => asked).toEqual(['users']);
    slow.resolve();
    expect((await result).errors).toBeUndefined();
    expect(asked).toEqual(['users', 'users']);
  });
});

describe('answers of subgraphs', () => {
  it('are never written to, since other requests may share them', async () => {
    const freeze = (value: unknown): void => {
      if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
    };
    const frozen: SubgraphSource['answer'] = async (_call, own) => {
      const answer = await own();
      freeze(answer);
      return answer;
    };
    const gateway = createInProcessGateway({
      posts: { ...posts, answer: frozen },
      users: { ...users, answer: frozen },
    });
    const { data, errors } = await gateway.ask(
      '{ posts { title author { name posts } } featured { author { name } } }',
    );
    expect(errors).toBeUndefined();
    expect(data?.['featured']).toEqual({ author: { name: 'user a' } });
  });

  it('may have a null for an entity: it stays as it was', async () => {
    const ghosts: SubgraphSource = {
      ...posts,
      resolvers: { Query: { posts: () => [{ id: '1', author: { id: 'ghost' } }] } },
    };
    const gateway = createInProcessGateway({ posts: ghosts, users });
    expect(await gateway.ask('{ posts { author { id name } } }')).toEqual({
      data: { posts: [{ author: { id: 'ghost', name: null } }] },
    });
  });

  it.each([
    ['no list', { data: { _entities: 5 } }],
    ['too few entities', { data: { _entities: [] } }],
    ['no data', { data: {} }],
  ])('that are wrong (%s) are an error where the data would have been', async (_what, answer) => {
    const gateway = createInProcessGateway({
      posts,
      users: { ...users, answer: () => Promise.resolve(answer) },
    });
    const { data, errors } = await gateway.ask('{ posts { title author { name } } }');
    expect(data).toMatchObject({ posts: [{ title: 't1', author: { name: null } }, {}, {}] });
    expect(errors).toHaveLength(3);
    expect(errors?.[0]).toMatchObject({
      path: ['posts', 0, 'author', 'name'],
      extensions: { code: 'SUBGRAPH_BAD_RESPONSE', service: 'users' },
    });
  });
});

describe('errors', () => {
  it('of an entity stand at every place where it stands, by the names of the client', async () => {
    const failing: SubgraphSource = {
      ...users,
      resolvers: {
        User: {
          __resolveReference: (reference: Ref) => reference,
          name({ id }: Ref) {
            if (id === 'a') throw new Error('no name');
            return id;
          },
        },
      },
    };
    const gateway = createInProcessGateway({ posts, users: failing });
    const { data, errors } = await gateway.ask('{ all: posts { by: author { called: name } } }');
    expect(data).toEqual({
      all: [{ by: { called: null } }, { by: { called: null } }, { by: { called: 'b' } }],
    });
    expect(errors?.map(({ message, path }) => [message, path])).toEqual([
      ['no name', ['all', 0, 'by', 'called']],
      ['no name', ['all', 1, 'by', 'called']],
    ]);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'DOWNSTREAM_SERVICE_ERROR', service: 'users' });
  });

  it('of the wire are typed and stand on the fields that the call owns; the rest of the answer is intact', async () => {
    const down: SubgraphSource = {
      ...users,
      answer: () => Promise.reject(new UpstreamError('users', 'SUBGRAPH_TIMEOUT', 'too late')),
    };
    const gateway = createInProcessGateway({ posts, users: down });
    const { data, errors } = await gateway.ask('{ featured { id title author { n: name } } }');
    expect(data).toEqual({ featured: { id: '9', title: '', author: { n: null } } });
    expect(errors).toEqual([
      {
        message: 'too late',
        path: ['featured', 'author', 'n'],
        extensions: { code: 'SUBGRAPH_TIMEOUT', service: 'users' },
      },
    ]);
  });

  it('of one fetch do not spoil the others that it travelled with', async () => {
    let refused = 0;
    const picky: SubgraphSource = {
      ...users,
      answer(call, own) {
        if (!call.request.query.includes('tag')) return own();
        refused += 1;
        return Promise.resolve({ data: null, errors: [{ message: 'will not', path: ['_entities'] }] });
      },
    };
    const gateway = createInProcessGateway({ posts, users: picky });
    const { data, errors } = await gateway.ask('{ posts { author { name } } featured { author { tag } } }');
    expect(data).toMatchObject({
      posts: [{ author: { name: 'user a' } }, {}, {}],
      featured: { author: { tag: null } },
    });
    expect(errors).toMatchObject([{ message: 'will not', path: ['featured', 'author', 'tag'] }]);
    expect(refused).toBe(2);
  });

  it('hit at most a hundred places by name', async () => {
    const many: SubgraphSource = {
      ...posts,
      resolvers: {
        Query: { posts: () => Array.from({ length: 500 }, (_, n) => ({ id: n, author: { id: String(n) } })) },
      },
    };
    const down: SubgraphSource = {
      ...users,
      answer: () => Promise.reject(new UpstreamError('users', 'SUBGRAPH_UNREACHABLE', 'gone')),
    };
    const { data, errors } = await createInProcessGateway({ posts: many, users: down }).ask(
      '{ posts { author { name } } }',
    );
    expect(data?.['posts']).toHaveLength(500);
    expect(errors).toHaveLength(100);
  });
});

describe('subscriptions', async () => {
  const live: SubgraphSource = {
    sdl: `type Query { l: Int } type Subscription { changed(id: ID!): Change } type Change { at: Int! user: User }
      type User @key(fields: "id", resolvable: false) { id: ID }`,
  };
  const gateway = createInProcessGateway({ live, users });
  const { compiled } = await gateway.planning.prepare(
    'subscription ($id: ID!) { changed(id: $id) { at user { name } } }',
  );
  if (compiled.kind !== 'subscription') throw new Error('expected a subscription');

  it('say where their stream comes from', () => {
    expect(compiled).toMatchObject({ subgraph: 'live', rootField: 'changed' });
    const { query, variables } = compiled.request({ id: '7' });
    expect(variables).toEqual({ id: '7' });
    expect(query).toContain('changed(id:$id){at user{__typename id}}');
  });

  it('may stand in a fragment, under an alias', async () => {
    const source = 'subscription { ...F } fragment F on Subscription { latest: changed(id: 1) { at } }';
    expect((await gateway.planning.prepare(source)).compiled).toMatchObject({
      subgraph: 'live',
      rootField: 'changed',
    });
  });

  it('complete every event with the rest of the plan', async () => {
    const event = { data: { changed: { at: 3, user: { __typename: 'User', id: 'a' } } } };
    const context = { upstreams: gateway.upstreams, headers: {} };
    expect(await compiled.resolveEvent(event, { id: '7' }, context)).toEqual({
      data: { changed: { at: 3, user: { name: 'user a' } } },
    });
    const failed = { data: { changed: null }, errors: [{ message: 'lost', path: ['changed'] }] };
    expect(await compiled.resolveEvent(failed, { id: '7' }, context)).toMatchObject({
      data: { changed: null },
      errors: [{ message: 'lost', path: ['changed'], extensions: { service: 'live' } }],
    });
  });
});

describe('@fromContext', () => {
  it('gives each entity the value from above it, in one request', async () => {
    const gateway = createInProcessGateway({
      shops: {
        sdl: `type Query { shops: [Shop!] } type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String! items: [Item!] }
          type Item @key(fields: "id") { id: ID! price(currency: String @fromContext(field: "$shop { currency }")): String }`,
        resolvers: {
          Query: {
            shops: () => [
              { id: '1', currency: 'EUR', items: [{ id: 'x' }, { id: 'y' }] },
              { id: '2', currency: 'USD', items: [{ id: 'x' }] },
            ],
          },
          Item: { price: ({ id }: Ref, { currency }: { currency: string }) => `${id} ${currency}` },
        },
      },
      other: { sdl: 'type Query { o: Int }' },
    });
    const { data, errors } = await gateway.ask('{ shops { items { price } } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      shops: [{ items: [{ price: 'x EUR' }, { price: 'y EUR' }] }, { items: [{ price: 'x USD' }] }],
    });
    expect(gateway.calls).toHaveLength(2);
  });
});
