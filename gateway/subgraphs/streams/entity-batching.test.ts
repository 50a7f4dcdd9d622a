import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type SubgraphAnswer,
  type SubgraphCall,
  UpstreamError,
  type Upstreams,
} from '#gateway/subgraphs/calls/calls.ts';
import { createEntityBatching } from './entity-batching.ts';

const QUERY = 'query($representations:[_Any!]!){_entities(representations:$representations){...on P{name}}}';

/** A subgraph that names each entity after its key, and fails those whose key says so. */
function createSubgraph() {
  const calls: SubgraphCall[] = [];
  const upstreams: Upstreams = {
    async call(call) {
      calls.push(call);
      const representations = (call.request.variables?.['representations'] ?? []) as { id: string }[];
      const errors = representations.flatMap(({ id }, index) =>
        id.startsWith('bad') ? [{ message: `no ${id}`, path: ['_entities', index, 'name'] }] : [],
      );
      const _entities = representations.map(({ id }) =>
        id.startsWith('bad') ? null : { name: `name of ${id}` },
      );
      return { data: { _entities }, ...(errors.length > 0 && { errors }) };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { calls, upstreams };
}

function callFor(ids: readonly string[], headers = {}, others = {}): SubgraphCall {
  const representations = ids.map((id) => ({ __typename: 'P', id }));
  return {
    subgraph: 'people',
    operation: 'query',
    headers,
    request: { query: QUERY, variables: { representations, ...others } },
  };
}

function expected(ids: readonly string[]): SubgraphAnswer {
  const errors = ids.flatMap((id, index) =>
    id.startsWith('bad') ? [{ message: `no ${id}`, path: ['_entities', index, 'name'] }] : [],
  );
  return {
    data: { _entities: ids.map((id) => (id.startsWith('bad') ? null : { name: `name of ${id}` })) },
    ...(errors.length > 0 && { errors }),
  };
}

/** Errors have no order of their own. */
function inOrder({ data, errors = [] }: SubgraphAnswer) {
  return { data, errors: errors.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))) };
}

test('calls of one turn travel as one, and each gets what it would have got alone', async () => {
  const ids = fc.array(fc.constantFrom('a', 'b', 'c', 'bad1', 'bad2'), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(ids, { minLength: 1, maxLength: 6 }), async (asked) => {
      const { calls, upstreams } = createSubgraph();
      const batching = createEntityBatching(upstreams);
      const answers = await Promise.all(asked.map((list) => batching.call(callFor(list))));
      expect(answers.map(inOrder)).toEqual(asked.map((list) => inOrder(expected(list))));
      expect(calls).toHaveLength(1);
      expect(calls[0]?.request.variables?.['representations']).toHaveLength(new Set(asked.flat()).size);
    }),
  );
});

test('who asks, and with what other variables, keeps calls apart', async () => {
  const { calls, upstreams } = createSubgraph();
  const batching = createEntityBatching(upstreams);
  const asked = [
    callFor(['a'], { authorization: 'ada' }),
    callFor(['b'], { authorization: 'bob' }),
    callFor(['c'], {}, { first: 1 }),
    callFor(['d']),
  ];
  const answers = await Promise.all(asked.map((call) => batching.call(call)));
  expect(answers).toEqual(['a', 'b', 'c', 'd'].map((id) => expected([id])));
  expect(calls.map(({ headers }) => headers)).toEqual(asked.map(({ headers }) => headers));
});

test('a call that fails fails for all who were on it; mutations and other queries travel alone', async () => {
  const failing: Upstreams = {
    call: () => Promise.reject(new Error('down')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const batching = createEntityBatching(failing);
  const outcomes = await Promise.allSettled([batching.call(callFor(['a'])), batching.call(callFor(['b']))]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);

  const { calls, upstreams } = createSubgraph();
  const others = createEntityBatching(upstreams);
  const plain: SubgraphCall = {
    subgraph: 'people',
    operation: 'query',
    headers: {},
    request: { query: '{ me { id } }' },
  };
  await Promise.all([
    others.call(plain),
    others.call(plain),
    others.call({ ...callFor(['a']), operation: 'mutation' }),
  ]);
  expect(calls).toHaveLength(3);
});

test('entities of an event are asked for anew, never taken from a call that was under way before it', async () => {
  const { calls, upstreams } = createSubgraph();
  const batching = createEntityBatching(upstreams);
  await Promise.all([batching.call(callFor(['a'])), batching.call(callFor(['b']))]);
  await batching.call(callFor(['a']));
  expect(calls).toHaveLength(2);
  expect(calls.every((call) => 'fresh' in call && call.fresh === true)).toBe(true);
});

test.each<[string, (answer: SubgraphAnswer) => SubgraphAnswer | UpstreamError]>([
  ['an answer without data', () => ({ data: null, errors: [{ message: 'no' }] })],
  ['an error that names no entity', ({ data }) => ({ data, errors: [{ message: 'one of them' }] })],
  ['an error whose path is none', ({ data }) => ({ data, errors: [{ message: 'no', path: 'x' as never }] })],
  ['a status', () => new UpstreamError('people', 'SUBGRAPH_HTTP_ERROR', 'people answered with status 413')],
])('%s for what one caller asked costs nobody else an entity', async (_, failOn) => {
  const { calls, upstreams } = createSubgraph();
  const batching = createEntityBatching({
    ...upstreams,
    async call(call) {
      const answer = await upstreams.call(call);
      if (!JSON.stringify(call.request.variables).includes('poison')) return answer;
      const failed = failOn(answer);
      if (failed instanceof Error) throw failed;
      return failed;
    },
  });
  const ids = Array.from({ length: 64 }, (__, n) => (n === 23 ? 'poison' : `id-${n}`));
  const outcomes = await Promise.allSettled(ids.map((id) => batching.call(callFor([id]))));
  for (const [n, outcome] of outcomes.entries()) {
    if (n !== 23) expect(outcome).toEqual({ status: 'fulfilled', value: expected([ids[n] ?? '']) });
    else expect(outcome).not.toEqual({ status: 'fulfilled', value: expected(['poison']) });
  }
  expect(calls.length).toBeLessThanOrEqual(1 + 2 * Math.log2(ids.length));
});

test('a subgraph that is away is not asked again for each of them', async () => {
  let calls = 0;
  const batching = createEntityBatching({
    call() {
      calls += 1;
      return Promise.reject(new UpstreamError('people', 'SUBGRAPH_UNREACHABLE', 'away'));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  await Promise.allSettled(['a', 'b', 'c'].map((id) => batching.call(callFor([id]))));
  expect(calls).toBe(1);
});

test('representations that are large do not add up to more than a subgraph takes', async () => {
  const { calls, upstreams } = createSubgraph();
  const batching = createEntityBatching(upstreams);
  const ids = Array.from({ length: 20 }, (_, n) => `${n}${'x'.repeat(300_000)}`);
  await Promise.all(ids.map((id) => batching.call(callFor([id]))));
  expect(calls.length).toBeGreaterThan(1);
  for (const { request } of calls) expect(JSON.stringify(request).length).toBeLessThan(4 * 1024 * 1024);
});

test('an error of an entity that nobody asked for concerns everyone on the call', async () => {
  const odd: Upstreams = {
    call: () =>
      Promise.resolve({
        data: { _entities: [{ name: 'a' }, { name: 'b' }] },
        errors: [{ message: 'odd', path: ['_entities', 99, 'name'] }],
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const batching = createEntityBatching(odd);
  const answers = await Promise.all([batching.call(callFor(['a'])), batching.call(callFor(['b']))]);
  expect(answers).toEqual(
    ['a', 'b'].map((name) => ({ data: { _entities: [{ name }] }, errors: [{ message: 'odd' }] })),
  );
});

test.each([
  ['too few', []],
  ['too many', [{ name: 'x' }, { name: 'y' }, { name: 'z' }]],
])('%s entities are nobody’s: each is told what it would have been told alone', async (_what, entities) => {
  const calls: SubgraphCall[] = [];
  const batching = createEntityBatching({
    async call(call) {
      calls.push(call);
      return { data: { _entities: entities } };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const [a, b] = await Promise.all([batching.call(callFor(['a'])), batching.call(callFor(['b', 'b']))]);
  expect(a).toEqual({ data: { _entities: entities } });
  expect(b).toEqual({ data: { _entities: null } });
  expect(calls).toHaveLength(3);
});
