// The three that answer: this gateway's engine, @apollo/gateway's, and graphql-js on the merged schema.
import { createHash } from 'node:crypto';
import { ApolloGateway } from '@apollo/gateway';
import { execute, type ExecutionResult, type GraphQLSchema, parse } from 'graphql';
import type { CompiledQuery, EngineResult } from '#gateway/execution/compiled-operation.ts';
import { createPlanning, type Planning } from '#gateway/planning/planning.ts';
import type { Supergraph } from '#gateway/supergraph/supergraph.ts';
import type { SubgraphCall, Upstreams } from '#gateway/subgraphs/calls/calls.ts';
import type { RandomOperation } from './operations.ts';
import type { SubgraphServers } from './subgraph-servers.ts';
import type { Thing, World } from './world.ts';

export interface PeerAnswer {
  readonly data: unknown;
  readonly errors: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[] | undefined;
  }[];
}

/** @param cacheSize small, so that the cache is exercised too */
export function enginePlanning(supergraph: Supergraph): Planning {
  return createPlanning(supergraph, { cacheSize: 50 });
}

export async function askEngine(
  planning: Planning,
  operation: RandomOperation,
  servers: SubgraphServers,
): Promise<PeerAnswer> {
  const prepared = await planning.prepare(operation.query);
  const coerced = prepared.coerce(operation.variables);
  if ('errors' in coerced) return { data: undefined, errors: coerced.errors };
  const upstreams: Upstreams = {
    async call({ subgraph, request }: SubgraphCall) {
      const { data, errors } = await servers.call(subgraph, request.query, request.variables ?? {});
      return { data: frozen(data), errors };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const result: EngineResult = await (prepared.compiled as CompiledQuery).execute(coerced.variables, {
    upstreams,
    headers: {},
  });
  return plain(result);
}

/** The peer, with its own planner and executor, on the same subgraphs. */
export interface ApolloPeer extends AsyncDisposable {
  ask(operation: RandomOperation, servers: SubgraphServers): Promise<PeerAnswer>;
}

export async function createApolloPeer(sdl: string): Promise<ApolloPeer> {
  process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';
  let current: SubgraphServers | undefined;
  const gateway = new ApolloGateway({
    supergraphSdl: sdl,
    buildService: ({ name }) => ({
      async process({ request }) {
        if (current === undefined) throw new Error('nobody asks');
        const answer = await current.call(name, request.query ?? '', request.variables ?? {});
        return answer as never;
      },
    }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const { executor } = await gateway.load();
  if (executor == null) throw new Error('@apollo/gateway has no executor');
  return {
    async ask({ query, variables }, servers) {
      current = servers;
      const queryHash = createHash('sha256').update(query).digest('hex');
      const document = parse(query);
      const context = {
        request: { query, variables },
        document,
        queryHash,
        source: query,
        context: {},
        metrics: {},
        cache: undefined,
      };
      try {
        const request = { ...context, logger: console, schema: undefined, operationName: null };
        const { data, errors = [], extensions } = await executor(request as never);
        const completion = (extensions?.['valueCompletion'] ?? []) as PeerAnswer['errors'];
        return plain({ data, errors: [...errors, ...completion] });
      } catch (error) {
        return { data: undefined, errors: [{ message: `thrown: ${String(error)}` }] };
      }
    },
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

/** What one server with the whole schema would answer. */
export async function askReference(
  schema: GraphQLSchema,
  { query, variables }: RandomOperation,
  world: World,
): Promise<{ answer: PeerAnswer; mutations: string[] }> {
  const mutations: string[] = [];
  const result: ExecutionResult = await execute({
    schema,
    document: parse(query),
    variableValues: variables,
    fieldResolver(source: Thing | undefined, args: Record<string, unknown>, _context, info) {
      const owner = source ?? world.root(info.parentType.name);
      if (info.parentType === schema.getMutationType()) mutations.push(info.fieldName);
      return world.value(owner, info.fieldName, info.returnType, args);
    },
    typeResolver: (thing: Thing) => thing.__typename,
  });
  return { answer: plain(result), mutations };
}

function plain(result: { data?: unknown; errors?: readonly object[] | undefined }): PeerAnswer {
  return JSON.parse(JSON.stringify({ data: result.data, errors: result.errors ?? [] })) as PeerAnswer;
}

/** Answers may be shared between requests: whoever writes into one shall fail here. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
