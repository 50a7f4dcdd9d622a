import { describe, expect, it } from 'vitest';
import { createInProcessGateway } from '#tests/oracle/in-process-gateway.ts';

describe('a nested field whose type has no possible object', () => {
  const t = { __typename: 'T', x: 1 };
  const gateway = createInProcessGateway({
    a: {
      sdl: `type Query { t: T ts: [[T]] u: U us: [U] } type T { x: Int m: M r: M! l: [M!]! } interface M { name: String! }
        union U = T | V type V { x: Int }`,
      resolvers: {
        Query: { t: () => t, ts: () => [[t, null], null], u: () => t, us: () => [{ __typename: 'V' }, t] },
      },
    },
    b: {
      sdl: 'type Query { b: Int } interface M { name: String! hint: String must: Int! } type X implements M { name: String! hint: String must: Int! }',
    },
  });

  it.each([
    ['{ t { x m { hint } } }', { t: { x: 1, m: null } }, [['t', 'm']]],
    ['{ o: t { x n: m { hint __typename } } }', { o: { x: 1, n: null } }, [['o', 'n']]],
    ['{ ts { x n: m { hint } } }', { ts: [[{ x: 1, n: null }, null], null] }, [['ts', 0, 0, 'n']]],
    ['{ us { ... on T { x m { hint } } } }', { us: [{}, { x: 1, m: null }] }, [['us', 1, 'm']]],
    ['{ t { x r { hint } } }', { t: null }, [['t', 'r']]],
    ['{ t { x l { hint } } }', { t: null }, [['t', 'l']]],
  ])('is null with an error of its own beside others that have a plan: %s', async (query, data, paths) => {
    const answer = await gateway.ask(query);
    expect(answer.data).toEqual(data);
    expect(answer.errors?.map(({ path, extensions }) => [path, extensions])).toEqual(
      paths.map((path) => [path, { code: 'FIELD_NOT_PLANNED' }]),
    );
  });

  it('is null with the error that a child which may not be null calls for', async () => {
    const { data, errors } = await gateway.ask('{ t { x m { must } } }');
    expect(data).toEqual({ t: { x: 1, m: null } });
    expect(errors).toMatchObject([{ path: ['t', 'm', 'must'], extensions: { code: 'NON_NULL_VIOLATION' } }]);
  });

  it('is no error where a condition leaves it out', async () => {
    const query = 'query ($c: Boolean!) { t { x m @include(if: $c) { hint } } }';
    expect(await gateway.ask(query, { c: false })).toEqual({ data: { t: { x: 1 } } });
    expect((await gateway.ask(query, { c: true })).errors).toHaveLength(1);
  });
});
