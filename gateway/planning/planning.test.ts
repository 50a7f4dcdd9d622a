import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createInProcessGateway } from '#tests/oracle/in-process-gateway.ts';
import { compose, SUPERGRAPHS } from '#tests/oracle/supergraphs.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { OperationError } from './operation-error.ts';
import { createPlanning } from './planning.ts';
import { practiceOperations } from './practice.ts';

const gateway = createInProcessGateway({
  a: {
    sdl: 'type Query { item(id: ID = "1", filter: Filter): Item } input Filter { tags: [String!] = ["x"] deep: Int! } type Item { id: ID! name: String }',
    resolvers: { Query: { item: (_: unknown, { id }: { id: string }) => ({ id, name: 'n' }) } },
  },
});
const { supergraph } = gateway;

async function errorsOf(run: () => unknown) {
  try {
    await run();
  } catch (error) {
    if (error instanceof OperationError) return error.errors.map(({ extensions }) => extensions['code']);
    throw error;
  }
  return [];
}

describe('an operation', () => {
  const planning = createPlanning(supergraph);

  it('is prepared once, however it is laid out', async () => {
    const first = await planning.prepare('{ item { id name } }');
    expect(await planning.prepare('{ item { id name } }')).toBe(first);
    expect(await planning.prepare('# a comment\nquery{item{id,name,},}')).toBe(first);
    expect(await planning.prepare('{ item { name id } }')).not.toBe(first);
  });

  it('is told from another of its document by its name', async () => {
    const source = 'query A { item { id } } query B { item { name } }';
    expect(await planning.prepare(source, 'A')).not.toBe(await planning.prepare(source, 'B'));
    expect(await errorsOf(() => planning.prepare(source))).toEqual(['OPERATION_RESOLUTION_FAILURE']);
    expect(await errorsOf(() => planning.prepare(source, 'C'))).toEqual(['OPERATION_RESOLUTION_FAILURE']);
  });

  it('may ask of the schema what the planner has never heard of', async () => {
    const { data, errors } = await gateway.ask(
      '{ item { id } __schema { ...S } __type(name: "Item") { isOneOf } } fragment S on __Schema { queryType { isOneOf } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      item: { id: '1' },
      __schema: { queryType: { isOneOf: null } },
      __type: { isOneOf: null },
    });
  });

  it('is refused with the reason when it is none', async () => {
    expect(await errorsOf(() => planning.prepare('{ item { '))).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(await errorsOf(() => planning.prepare('{ item { id nothing } none }'))).toEqual([
      'GRAPHQL_VALIDATION_FAILED',
      'GRAPHQL_VALIDATION_FAILED',
    ]);
    expect(await errorsOf(() => planning.prepare('fragment F on Item { id }'))).not.toEqual([]);
  });

  it('is looked through once where its kind is asked for before it is to run', async () => {
    const told = async (run: () => unknown) => {
      try {
        await run();
      } catch (error) {
        return error;
      }
      return undefined;
    };
    for (const source of ['{ item { ', '{ none }', '{ item { id } }}']) {
      const error = await told(() => planning.kindOf(source));
      expect(error).toBeInstanceOf(OperationError);
      expect(await told(() => planning.kindOf(source))).toBe(error);
      expect(await told(() => planning.prepare(source))).toBe(error);
    }
  });

  it('with @defer or @stream is refused as such, and the schema does not offer them', async () => {
    expect(await errorsOf(() => planning.prepare('{ item { id ... @defer { name } } }'))).toEqual([
      'INCREMENTAL_DELIVERY_NOT_SUPPORTED',
    ]);
    expect(await errorsOf(() => planning.prepare('{ item @stream { id } }'))).toEqual([
      'INCREMENTAL_DELIVERY_NOT_SUPPORTED',
    ]);
    expect(supergraph.apiSchema.getDirective('defer')).toBeUndefined();
  });

  it('shows its plan', async () => {
    expect((await planning.prepare('{ item { id } }')).planText()).toMatch(
      /^QueryPlan \{\s+Fetch\(service: "a"\)/,
    );
  });
});

describe('variables', () => {
  const planning = createPlanning(supergraph);
  const preparing = planning.prepare(
    'query ($id: ID!, $filter: Filter, $n: Int = 3) { item(id: $id, filter: $filter) { id } ... @include(if: true) { x: item(filter: { deep: $n }) { id } } }',
  );

  it('are coerced and completed with defaults', async () => {
    const prepared = await preparing;
    expect(prepared.coerce({ id: 7, filter: { deep: 1 } })).toEqual({
      variables: { id: '7', filter: { tags: ['x'], deep: 1 }, n: 3 },
    });
  });

  it('that do not fit are refused', async () => {
    const refused = (await preparing).coerce({ filter: { deep: 'x' } });
    expect('errors' in refused && refused.errors.map(({ extensions }) => extensions['code'])).toEqual([
      'BAD_USER_INPUT',
      'BAD_USER_INPUT',
    ]);
  });
});

describe('practice', () => {
  it.each(SUPERGRAPHS)(
    'finds operations to plan in $name, and leaves nothing in the cache',
    async (supergraphCase) => {
      const other = parseSupergraph(compose(supergraphCase));
      const operations = practiceOperations(other.apiSchema);
      const planning = createPlanning(other);
      expect(await Promise.all(operations.map((source) => errorsOf(() => planning.prepare(source))))).toEqual(
        operations.map(() => []),
      );
      expect(operations).not.toEqual([]);

      const fresh = createPlanning(other);
      await fresh.practise(20);
      expect(fresh.hottest(1)).toEqual([]);
    },
  );

  it('asks for no more of a wide schema than of any other', () => {
    const names = Array.from({ length: 20 }, (_, n) => `f${n}`);
    const wide = buildSchema(`type Query { ${names.map((name) => `${name}: Query`).join(' ')} leaf: Int }`);
    for (const operation of practiceOperations(wide)) expect(operation.split('f').length).toBeLessThan(70);
  });
});

describe('the cache', () => {
  it('is bounded', async () => {
    const planning = createPlanning(supergraph, { cacheSize: 2 });
    const first = await planning.prepare('{ item { id } }');
    await planning.prepare('{ item { name } }');
    await planning.prepare('{ item { id name } }');
    expect(planning.hottest(10)).toHaveLength(2);
    expect(await planning.prepare('{ item { id } }')).not.toBe(first);
  });

  it('names its hottest operations, and another one warms up with them', async () => {
    const planning = createPlanning(supergraph);
    await planning.prepare('{ item { id } }');
    for (let i = 0; i < 3; i++)
      await planning.prepare('query A { item { name } } query B { __typename }', 'A');
    const [hottest] = planning.hottest(1);
    expect(hottest).toEqual({
      source: 'query A { item { name } } query B { __typename }',
      operationName: 'A',
    });

    const next = createPlanning(supergraph);
    await next.warmUp([{ source: '{ gone }' }, { source: '{ item {' }, ...planning.hottest(5)]);
    expect(next.hottest(5)).toHaveLength(2);
  });
});
