import { describe, expect, it } from 'vitest';
import { createInProcessGateway, type SubgraphSource } from '#tests/oracle/in-process-gateway.ts';
import type { SubgraphAnswer } from '#gateway/subgraphs/calls/calls.ts';

const posts: SubgraphSource = {
  sdl: `type Query { posts: [Post!] me: User } type Post @key(fields: "id") { id: ID! author: User }
    type User @key(fields: "id", resolvable: false) { id: ID! }
    type Subscription { changed: Post }`,
  resolvers: { Query: { posts: () => ['1', '2'].map((id) => ({ id, author: { id } })) } },
};
const sdl = 'type Query { u: Int } type User @key(fields: "id") { id: ID! name: String }';
const answering =
  (answer: unknown): SubgraphSource['answer'] =>
  () =>
    Promise.resolve(answer as SubgraphAnswer);
const names = { _entities: [{ name: 'a' }, { name: 'b' }] };

describe('an error of a request for entities', () => {
  it.each([
    ['of an entity that was not asked for', ['_entities', 99, 'name']],
    ['at a place that there is not', ['nowhere', 0]],
    ['without a path', undefined],
  ])('%s is told and takes nothing away', async (_what, path) => {
    const answer = answering({ data: names, errors: [{ message: 'odd', ...(path && { path }) }] });
    const gateway = createInProcessGateway({ posts, users: { sdl, answer } });
    const { data, errors } = await gateway.ask('{ posts { author { name } } }');
    expect(data).toEqual({ posts: [{ author: { name: 'a' } }, { author: { name: 'b' } }] });
    expect(errors).toMatchObject([{ message: 'odd', extensions: { service: 'users' } }]);
  });

  it('is told where the data is missing, though its index is that of no entity', async () => {
    const answer = answering({ data: null, errors: [{ message: 'odd', path: ['_entities', 99] }] });
    const gateway = createInProcessGateway({ posts, users: { sdl, answer } });
    const { errors } = await gateway.ask('{ posts { author { name } } }');
    expect(errors?.map(({ path }) => path)).toEqual([0, 1].map((n) => ['posts', n, 'author', 'name']));
  });
});

describe('an answer without data and without a reason', () => {
  it.each([{ data: null }, { data: null, errors: [] }, { errors: [] }, {}])(
    'to a request for entities is an error: %j',
    async (answer) => {
      const gateway = createInProcessGateway({ posts, users: { sdl, answer: answering(answer) } });
      const { data, errors } = await gateway.ask('{ posts { author { name } } }');
      expect(data).toEqual({ posts: [{ author: { name: null } }, { author: { name: null } }] });
      expect(errors).toHaveLength(2);
      expect(errors?.[0]?.extensions).toEqual({ code: 'SUBGRAPH_BAD_RESPONSE', service: 'users' });
    },
  );

  it.each([{ data: null }, { data: null, errors: [] }, {}])(
    'from the root is an error: %j',
    async (answer) => {
      const gateway = createInProcessGateway({
        posts: { ...posts, answer: answering(answer) },
        users: { sdl },
      });
      expect(await gateway.ask('{ posts { id } }')).toMatchObject({
        data: { posts: null },
        errors: [{ path: ['posts'], extensions: { code: 'SUBGRAPH_BAD_RESPONSE', service: 'posts' } }],
      });
    },
  );

  it('is an error of a live event too', async () => {
    const gateway = createInProcessGateway({ posts, users: { sdl } });
    const { compiled } = await gateway.planning.prepare('subscription { changed { id } }');
    if (compiled.kind !== 'subscription') throw new Error('expected a subscription');
    const context = { upstreams: gateway.upstreams, headers: {} };
    expect(await compiled.resolveEvent({ data: null }, {}, context)).toMatchObject({
      data: { changed: null },
      errors: [{ path: ['changed'], extensions: { code: 'SUBGRAPH_BAD_RESPONSE' } }],
    });
  });
});

it.each([5, 'x', true, []])('an entity that is %j is an error where it would have been', async (entity) => {
  const answer = answering({ data: { _entities: [entity, { name: 'b' }] } });
  const gateway = createInProcessGateway({ posts, users: { sdl, answer } });
  expect(await gateway.ask('{ posts { author { name } } }')).toMatchObject({
    data: { posts: [{ author: { name: null } }, { author: { name: 'b' } }] },
    errors: [{ path: ['posts', 0, 'author', 'name'], extensions: { code: 'SUBGRAPH_BAD_RESPONSE' } }],
  });
});
