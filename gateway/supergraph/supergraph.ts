import { createHash } from 'node:crypto';
import { Supergraph as FederatedSupergraph } from '@apollo/federation-internals';
import { type GraphQLSchema, Kind, parse, visit } from 'graphql';
import { readLiteralsExactly } from './custom-scalars.ts';
import { SUPPORTED_FEATURES } from './supported-features.ts';

export interface Subgraph {
  readonly name: string;
  readonly url: string;
}

/** A supergraph read once: its schemas and its subgraphs. Immutable. */
export interface Supergraph {
  /** First 16 hex digits of the SDL's SHA-256. */
  readonly id: string;
  readonly sdl: string;
  /** What clients see. */
  readonly apiSchema: GraphQLSchema;
  /** Every type, `@inaccessible` ones included. */
  readonly graphqlSchema: GraphQLSchema;
  /** By the planner's `serviceName`. */
  readonly subgraphs: ReadonlyMap<string, Subgraph>;
}

/** The file is no supergraph, or one that this gateway cannot run. The message says why. */
export class SupergraphError extends Error {
  override readonly name = 'SupergraphError';
}

/** {@link Supergraph.id} of a text, read or not. */
export function supergraphId(sdl: string): string {
  return createHash('sha256').update(sdl).digest('hex').slice(0, 16);
}

/** Parses and validates supergraph SDL as composition writes it. Throws {@link SupergraphError}. */
export function parseSupergraph(sdl: string): Supergraph {
  try {
    refuseOverrideLabels(sdl);
    const supergraph = FederatedSupergraph.build(sdl, { supportedFeatures: SUPPORTED_FEATURES });
    const subgraphs = new Map<string, Subgraph>();
    for (const { name, url } of supergraph.subgraphsMetadata()) subgraphs.set(name, { name, url });
    return {
      id: supergraphId(sdl),
      sdl,
      apiSchema: readLiteralsExactly(supergraph.apiSchema().toGraphQLJSSchema(), sdl),
      graphqlSchema: supergraph.schema.toGraphQLJSSchema({ includeDefer: false }),
      subgraphs,
    };
  } catch (cause) {
    throw new SupergraphError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * `@override(label:)` moves a field for a part of the requests. A plan is made once for all of them here, which would
 * leave the field where it was for everybody.
 */
function refuseOverrideLabels(sdl: string): void {
  if (!sdl.includes('overrideLabel')) return;
  visit(parse(sdl, { noLocation: true }), {
    FieldDefinition({ name, directives = [] }, _key, _parent, _path, ancestors) {
      const label = directives
        .flatMap(({ arguments: args = [] }) => args)
        .find((argument) => argument.name.value === 'overrideLabel')?.value;
      if (label?.kind !== Kind.STRING) return;
      const type = ancestors.findLast((node) => 'name' in node);
      const field = type !== undefined && 'name' in type ? `${type.name?.value}.${name.value}` : name.value;
      const directive = `@override(label: ${JSON.stringify(label.value)})`;
      throw new SupergraphError(
        `${field} has ${directive}, which this gateway does not offer: take out the label, which moves the field for every request, or the @override`,
      );
    },
  });
}
