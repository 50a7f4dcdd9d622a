// The engine on subgraphs that run in this process: for tests of planning and execution by hand-written examples.
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';
import type { EngineResult, ExecutionContext } from '#gateway/execution/compiled-operation.ts';
import { createPlanning, type Planning } from '#gateway/planning/planning.ts';
import type { Supergraph } from '#gateway/supergraph/supergraph.ts';
import type { SubgraphAnswer, SubgraphCall, Upstreams } from '#gateway/subgraphs/calls/calls.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { subgraphSdl } from './supergraphs.ts';

type Resolvers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface SubgraphSource {
  readonly sdl: string;
  /** Its schema is of Federation 1: it links no specification. */
  readonly isFederation1?: boolean;
  readonly resolvers?: Resolvers;
  /** Stands in for the subgraph's own answer, or rejects as the wire does. */
  readonly answer?: (call: SubgraphCall, own: () => Promise<SubgraphAnswer>) => Promise<SubgraphAnswer>;
}

export interface InProcessGateway {
  readonly supergraph: Supergraph;
  readonly planning: Planning;
  readonly upstreams: Upstreams;
  /** Every call so far, in the order of sending. */
  readonly calls: SubgraphCall[];
  /** Runs a query or mutation. */
  ask(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    context?: Partial<ExecutionContext>,
  ): Promise<EngineResult>;
}

export function createInProcessGateway(sources: Readonly<Record<string, SubgraphSource>>): InProcessGateway {
  const services = Object.entries(sources).map(([name, { sdl, isFederation1 = false }]) => ({
    name,
    url: `http://${name}.invalid/graphql`,
    typeDefs: parse(isFederation1 ? sdl : subgraphSdl(sdl)),
  }));
  const { errors, supergraphSdl } = composeServices(services);
  if (errors !== undefined) throw new Error(errors.map(String).join('\n'));
  const schemas = new Map(
    services.map(({ name, typeDefs }) => [
      name,
      buildSubgraphSchema([{ typeDefs, resolvers: (sources[name]?.resolvers ?? {}) as never }]),
    ]),
  );
  const calls: SubgraphCall[] = [];
  const upstreams: Upstreams = {
    async call(call) {
      calls.push(call);
      const own = async (): Promise<SubgraphAnswer> => {
        const schema = schemas.get(call.subgraph);
        if (schema === undefined) throw new Error(`no subgraph ${call.subgraph}`);
        const { query: source, variables: variableValues, operationName } = call.request;
        const sent = JSON.parse(JSON.stringify({ variableValues: variableValues ?? {} })) as {
          variableValues: Record<string, unknown>;
        };
        return JSON.parse(
          JSON.stringify(await graphql({ schema, source, operationName, ...sent })),
        ) as SubgraphAnswer;
      };
      return (await sources[call.subgraph]?.answer?.(call, own)) ?? (await own());
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const supergraph = parseSupergraph(supergraphSdl);
  const planning = createPlanning(supergraph);
  return {
    supergraph,
    planning,
    upstreams,
    calls,
    async ask(query, variables = {}, context = {}) {
      const { compiled, coerce } = await planning.prepare(query);
      if (compiled.kind === 'subscription') throw new Error('not for subscriptions');
      const coerced = coerce(variables);
      if ('errors' in coerced) return { errors: coerced.errors.map((error) => error.toJSON()) };
      return compiled.execute(coerced.variables, { upstreams, headers: {}, ...context });
    },
  };
}
