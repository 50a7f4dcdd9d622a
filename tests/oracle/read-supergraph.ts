import { Supergraph as FederatedSupergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { SUPPORTED_FEATURES } from '#gateway/planning/supported-features.ts';
import type { Supergraph } from '#gateway/supergraph/supergraph.ts';

/** A supergraph as the gateway reads it, `@fromContext` included. */
export function readSupergraph(sdl: string): Supergraph {
  const supergraph = FederatedSupergraph.build(sdl, { supportedFeatures: SUPPORTED_FEATURES });
  return {
    id: 'oracle',
    sdl,
    apiSchema: supergraph.apiSchema().toGraphQLJSSchema(),
    graphqlSchema: supergraph.schema.toGraphQLJSSchema({ includeDefer: false }),
    subgraphs: new Map(supergraph.subgraphsMetadata().map(({ name, url }) => [name, { name, url }])),
    planner: new QueryPlanner(supergraph),
  };
}
