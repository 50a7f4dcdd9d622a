// The subgraphs of a random world, each executed by graphql-js.
import { type DocumentNode, execute, type ExecutionResult, GraphQLError, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Model } from './laws.ts';
import type { Thing, World } from './world.ts';

export interface SubgraphCallRecord {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface SubgraphServers {
  /** Answers as it would come off the wire. */
  call(
    subgraph: string,
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<ExecutionResult>;
  readonly calls: SubgraphCallRecord[];
  /** Root fields of mutations in the order in which they ran. */
  readonly mutations: string[];
  /** Representations that named no entity. */
  readonly strangers: unknown[];
}

const documents = new LRUCache<string, DocumentNode>({ max: 2000 });

export function createSubgraphServers({ subgraphs }: Model, world: World): SubgraphServers {
  const calls: SubgraphCallRecord[] = [];
  const mutations: string[] = [];
  const strangers: unknown[] = [];
  return {
    calls,
    strangers,
    mutations,
    async call(name, query, variables) {
      calls.push({ subgraph: name, query, variables });
      const subgraph = subgraphs.find((model) => model.name === name);
      if (subgraph === undefined) throw new Error(`no subgraph ${name}`);
      const result = await execute({
        schema: subgraph.schema,
        document: parsed(query),
        variableValues: JSON.parse(JSON.stringify(variables)),
        fieldResolver(source: Thing | undefined, args: Record<string, unknown>, _context, info) {
          const owner = source ?? world.root(info.parentType.name);
          if (info.parentType === info.schema.getMutationType()) mutations.push(info.fieldName);
          return world.value(owner, info.fieldName, info.returnType, args);
        },
        typeResolver: (thing: Thing) => thing.__typename,
        rootValue: undefined,
        contextValue: {
          entities: (representations: readonly Record<string, unknown>[]) =>
            representations.map((representation) => {
              const type = String(representation['__typename']);
              const keys = subgraph.keys.get(type) ?? [];
              const entity = world.entity(type, keys, representation);
              if (entity === null) strangers.push(representation);
              if (entity === null)
                return new GraphQLError(`no ${type} for ${JSON.stringify(representation)}`);
              const known = subgraph.schema.getType(entity.__typename) !== undefined;
              return known ? entity : { ...entity, __typename: type };
            }),
        },
      });
      return JSON.parse(JSON.stringify(result)) as ExecutionResult;
    },
  };
}

/** Entities come from the world, through the context of the execution. */
export function serveEntities({ subgraphs }: Model): void {
  for (const { schema } of subgraphs) {
    const field = schema.getQueryType()?.getFields()['_entities'];
    if (field === undefined) continue;
    field.resolve = (
      _source,
      { representations }: { representations: readonly Record<string, unknown>[] },
      context,
    ) => (context as { entities(list: readonly unknown[]): unknown }).entities(representations);
    const union = schema.getType('_Entity');
    if (union !== undefined && 'resolveType' in union) union.resolveType = (thing: Thing) => thing.__typename;
  }
}

function parsed(query: string): DocumentNode {
  let document = documents.get(query);
  if (document === undefined) documents.set(query, (document = parse(query)));
  return document;
}
