// The oracle: random operations on random data, answered by this gateway's engine, by @apollo/gateway and by graphql-js on
// the merged schema. `ORACLE_RUNS` says how many operations, `ORACLE_SEED` replays a run by the seed that it printed.
import fc from 'fast-check';
import type { GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Planning } from '#gateway/planning/planning.ts';
import { type Difference, KNOWN_DIFFERENCES, sorted } from './known-differences.ts';
import { accounted, misplaced, nullPlace, wrongPlaces } from './judge.ts';
import { type Model, readModel } from './laws.ts';
import { type RandomOperation, randomOperation } from './operations.ts';
import {
  type ApolloPeer,
  askEngine,
  askReference,
  createApolloPeer,
  enginePlanning,
  type PeerAnswer,
} from './peers.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { createSubgraphServers, serveEntities, type SubgraphServers } from './subgraph-servers.ts';
import { compose, type SupergraphCase, SUPERGRAPHS } from './supergraphs.ts';
import { createWorld, type World } from './world.ts';

const RUNS = Number(process.env['ORACLE_RUNS'] ?? 500);
const SEED = Number(process.env['ORACLE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS_EACH = Math.ceil(RUNS / SUPERGRAPHS.length);

/** Supergraphs that the planner has no trouble with. */
const PLAIN = new Set(['shop', 'abstracts', 'values']);

const explained = new Map<string, number>();

beforeAll(() => {
  console.log(`oracle: ${RUNS} operations, ORACLE_SEED=${SEED}`);
});

afterAll(() => {
  for (const [name, count] of explained) console.log(`oracle: ${count} × ${name}`);
});

/** One throw of all dice. The first number decides on the operation and the data, the others on their kind. */
const scenario = fc.record({
  seed: fc.noShrink(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
  size: fc.integer({ min: 1, max: 40 }),
  nulls: fc.constantFrom(0, 5, 15),
  failures: fc.constantFrom(0, 0, 2, 8),
});

describe.each(SUPERGRAPHS)('$name', (supergraphCase) => {
  const sdl = compose(supergraphCase);
  const supergraph = parseSupergraph(sdl);
  const model = readModel(supergraphCase, supergraph.graphqlSchema);
  serveEntities(model);
  const planning = enginePlanning(supergraph);
  let apollo: ApolloPeer | undefined;

  beforeAll(async () => {
    // Apollo's gateway refuses @context.
    if (supergraphCase.name !== 'contexts') apollo = await createApolloPeer(sdl);
  });
  afterAll(() => apollo?.[Symbol.asyncDispose]());

  it('answers random operations as @apollo/gateway does, or as graphql-js where that is wrong', async () => {
    const property = fc.asyncProperty(scenario, async ({ seed, size, nulls, failures }) => {
      const operation = randomOperation(supergraph.apiSchema, { seed, size });
      const world = createWorld(model.laws, { seed, nulls, failures });
      await compare(
        { supergraphCase, schema: supergraph.apiSchema, model, planning, apollo },
        operation,
        world,
      );
    });
    await expect(fc.assert(property, { numRuns: RUNS_EACH, seed: SEED })).resolves.toBeUndefined();
  });
});

interface Court {
  readonly supergraphCase: SupergraphCase;
  readonly schema: GraphQLSchema;
  readonly model: Model;
  readonly planning: Planning;
  readonly apollo: ApolloPeer | undefined;
}

async function compare(
  { supergraphCase, schema, model, planning, apollo }: Court,
  operation: RandomOperation,
  world: World,
) {
  const servers = createSubgraphServers(model, world);
  const apolloServers = createSubgraphServers(model, world);
  const ours = await askEngine(planning, operation, servers);
  const theirs = (await apollo?.ask(operation, apolloServers)) ?? { data: undefined, errors: [] };
  const { answer: reference, mutations } = await askReference(schema, operation, world);
  const scene = () => describeScene(operation, { ours, theirs, reference }, servers);
  const asApollo = JSON.stringify(ours.data) === JSON.stringify(theirs.data);

  if (planning.kindOf(operation.query) === 'query') {
    // The first time some calls are sent before the plan is compiled: it must make no difference.
    const again = await askEngine(planning, operation, createSubgraphServers(model, world));
    expect(again.data, `the second answer differs\n${scene()}`).toEqual(ours.data);
    expect(again.errors?.length, `the second answer's errors differ\n${scene()}`).toBe(ours.errors?.length);
  }
  if (!asApollo) {
    expect(
      wrongPlaces(ours, theirs, reference, world.failing),
      `neither as Apollo nor as graphql-js\n${scene()}`,
    ).toEqual([]);
    const difference: Difference = { supergraph: supergraphCase, operation, ours, theirs };
    const known = KNOWN_DIFFERENCES.find((candidate) => candidate.explains(difference));
    expect(known, `a difference to Apollo that is not listed\n${scene()}`).toBeDefined();
    if (known !== undefined) explained.set(known.name, (explained.get(known.name) ?? 0) + 1);
  }
  expect(servers.strangers, `representations that name nothing\n${scene()}`).toEqual([]);
  expect(misplaced(ours), `errors that point at nothing\n${scene()}`).toEqual([]);
  if (sorted(ours.data) === sorted(reference.data)) {
    const unreported = reference.errors.filter(
      ({ path = [] }) => !accounted(ours, nullPlace(reference, path)),
    );
    expect(unreported, `nulls without their error\n${scene()}`).toEqual([]);
  }
  // graphql-js stops a mutation at a null that reaches the root.
  expect(servers.mutations.slice(0, mutations.length), `the order of mutations\n${scene()}`).toEqual(
    mutations,
  );
  // A mutation is strictly serial here. Under conditions, and where the planner errs, a right answer may need a call that
  // a wrong one does not, even where both are null in the end.
  if (asApollo && PLAIN.has(supergraphCase.name) && !/^mutation|@(skip|include)/.test(operation.query)) {
    expect(servers.calls.length, `more calls than Apollo's\n${scene()}`).toBeLessThanOrEqual(
      apolloServers.calls.length,
    );
  }
}

function describeScene(
  operation: RandomOperation,
  answers: Readonly<Record<string, PeerAnswer>>,
  servers: SubgraphServers,
): string {
  const lines = Object.entries(answers).map(([who, { data, errors }]) => {
    const told = errors.map(({ message, path }) => `${message} at ${path?.join('.')}`).join('; ');
    return `${who}: ${JSON.stringify(data)} ${told}`;
  });
  const calls = servers.calls.map(
    ({ subgraph, query, variables }) => `  ${subgraph}: ${query} ${JSON.stringify(variables)}`,
  );
  return [operation.query, JSON.stringify(operation.variables), ...lines, 'calls:', ...calls].join('\n');
}
