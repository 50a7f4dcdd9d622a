// Where this gateway answers otherwise than @apollo/gateway 2.14.4 on purpose. In every one of them graphql-js on the
// merged schema gives this gateway's answer; the oracle checks that too.
import type { RandomOperation } from './operations.ts';
import type { PeerAnswer } from './peers.ts';
import type { SupergraphCase } from './supergraphs.ts';

export interface Difference {
  readonly supergraph: SupergraphCase;
  readonly operation: RandomOperation;
  readonly ours: PeerAnswer;
  readonly theirs: PeerAnswer;
}

export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  explains(difference: Difference): boolean;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'field order',
    reason:
      'Apollo executes an operation that it has normalised, in which fragments have moved; the order of an answer is that of the operation as it was sent.',
    explains: ({ ours, theirs }) => sorted(ours.data) === sorted(theirs.data),
  },
  {
    name: 'contexts',
    reason:
      "Apollo's gateway refuses supergraphs with @context; its planner plans them, and this executor runs the plans.",
    explains: ({ supergraph }) => supergraph.name === 'contexts',
  },
  {
    name: 'failures of the executor',
    reason:
      "Apollo's executor throws where a list below a list is null, and where aliases have mixed up two fields.",
    explains: ({ theirs }) => theirs.data === undefined && theirs.errors.length > 0,
  },
  {
    name: 'typename of an interface object',
    reason:
      'A fetch from a subgraph that knows an entity as an @interfaceObject overwrites its __typename by the name of the interface, and fragments on the real type stop to match.',
    explains: ({ supergraph }) => supergraph.name === 'interface-objects',
  },
  {
    name: 'unresolvable keys',
    reason: 'The planner names an entity by its first key in a subgraph, even one with resolvable: false.',
    explains: ({ supergraph }) => supergraph.name === 'unresolvable-keys',
  },
  {
    name: 'values inside of values',
    reason:
      'Apollo names no entity by a key with a list of objects in it, and loses objects for which the planner asks for no __typename.',
    explains: ({ supergraph }) => supergraph.name === 'nested-values',
  },
  {
    name: 'arguments of required fields',
    reason: 'The planner merges a field that a @requires needs with the same field with other arguments.',
    explains: ({ supergraph }) => supergraph.name === 'arguments-of-requires',
  },
  {
    name: 'aliases that are names of needed fields',
    reason: 'The planner merges a field with an alias of the client that is called the same.',
    explains: ({ operation }) => /\b(\w+): (?!\1\b)\w+/.test(operation.query),
  },
  {
    name: 'requirements under a condition',
    reason:
      'What a conditional field requires becomes a requirement of the whole fetch; when the condition is off, the fetch finds nothing complete to ask for.',
    explains: ({ operation }) => /@(skip|include)/.test(operation.query),
  },
];

/** An answer as text, whatever the order of its fields. */
export function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
