// Compiling: what a fetch sends, and the shape of what it gets back.
import type { FetchNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  type VariableDefinitionNode,
} from 'graphql';

/** The operation of one fetch, taken apart so that it can travel together with others. */
export interface FetchDocument {
  /** As the planner wrote it. */
  readonly text: string;
  readonly name: string | undefined;
  /** What is selected of each entity, or of the root. Without fragment definitions. */
  readonly selectionSet: SelectionSetNode;
  /** All but `$representations`. */
  readonly variableDefinitions: readonly VariableDefinitionNode[];
}

/** The planner's name for the list of entities asked for. */
export const REPRESENTATIONS = 'representations';
export const ENTITIES = '_entities';

export function fetchDocument(fetch: FetchNode): FetchDocument {
  const document = parse(fetch.operation, { noLocation: true });
  const operation = document.definitions.find(isOperation);
  if (operation === undefined) throw new Error('a fetch without an operation');
  const root = inlineFragments(operation.selectionSet, fragmentsOf(document));
  return {
    text: fetch.operation,
    name: fetch.operationName,
    selectionSet: fetch.requires === undefined ? root : entitySelection(root),
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

function fragmentsOf(document: DocumentNode): Map<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return fragments;
}

function entitySelection(root: SelectionSetNode): SelectionSetNode {
  const [field] = root.selections;
  if (field?.kind !== Kind.FIELD || field.name.value !== ENTITIES || field.selectionSet === undefined) {
    throw new Error('an entity fetch that does not select _entities');
  }
  return field.selectionSet;
}

function inlineFragments(
  selectionSet: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): SelectionSetNode {
  const inline = (selection: SelectionNode): SelectionNode => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const fragment = fragments.get(selection.name.value);
      if (fragment === undefined)
        throw new Error(`a fetch spreads the unknown fragment ${selection.name.value}`);
      return {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition: fragment.typeCondition,
        directives: selection.directives,
        selectionSet: inlineFragments(fragment.selectionSet, fragments),
      };
    }
    if (selection.selectionSet === undefined) return selection;
    return { ...selection, selectionSet: inlineFragments(selection.selectionSet, fragments) };
  };
  return { ...selectionSet, selections: selectionSet.selections.map(inline) };
}
