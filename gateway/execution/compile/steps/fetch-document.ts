// Compiling: what a fetch sends, and the shape of what it gets back.
import type { FetchNode } from '@apollo/query-planner';
import {
  type DirectiveNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
} from 'graphql';

/** The operation of one fetch, taken apart so that it can travel together with others. */
export interface FetchDocument {
  /** As the planner wrote it. */
  readonly text: string;
  readonly name: string | undefined;
  /** What is selected of each entity, or of the root. The planner is told to write no named fragments. */
  readonly selectionSet: SelectionSetNode;
  /** The type of the root from which it is selected; undefined for entities, whose fragments say their types. */
  readonly rootType: string | undefined;
  /** Directives of the operation itself. */
  readonly directives: readonly DirectiveNode[];
  /** All but `$representations`. */
  readonly variableDefinitions: readonly VariableDefinitionNode[];
}

/** The planner's name for the list of entities asked for. */
export const REPRESENTATIONS = 'representations';
export const ENTITIES = '_entities';
/** As every supergraph calls them. */
const ROOT_TYPES = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

export function fetchDocument(fetch: FetchNode): FetchDocument {
  const document = parse(fetch.operation, { noLocation: true });
  const operation = document.definitions.find(isOperation);
  if (operation === undefined) throw new Error('a fetch without an operation');
  const { selectionSet } = operation;
  return {
    text: fetch.operation,
    name: fetch.operationName,
    selectionSet: fetch.requires === undefined ? selectionSet : entitySelection(selectionSet),
    rootType: fetch.requires === undefined ? ROOT_TYPES[operation.operation] : undefined,
    directives: operation.directives ?? [],
    variableDefinitions: (operation.variableDefinitions ?? []).filter(
      ({ variable }) => variable.name.value !== REPRESENTATIONS,
    ),
  };
}

/** GraphQL text without needless characters. */
export function compactPrint(node: Parameters<typeof print>[0]): string {
  return stripIgnoredCharacters(print(node));
}

function isOperation(node: { kind: string }): node is OperationDefinitionNode {
  return node.kind === Kind.OPERATION_DEFINITION;
}

function entitySelection(root: SelectionSetNode): SelectionSetNode {
  const [field] = root.selections;
  if (field?.kind !== Kind.FIELD || field.name.value !== ENTITIES || field.selectionSet === undefined) {
    throw new Error('an entity fetch that does not select _entities');
  }
  return field.selectionSet;
}
