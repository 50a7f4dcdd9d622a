// Mend of a defect of the planner (2.14.4): it may reorder the root fields of a mutation, and it puts neighbours of one
// subgraph into one fetch, so that the second runs before the first is complete. By the specification ("Serial
// Execution") each root field, with all below it, is complete before the next begins. And where conditions may leave
// nothing of what a field returns, it makes them conditions of the field itself, which then does not happen at all.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type InlineFragmentNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql';

/**
 * One operation for each root field, by its response name. They stand in the order of the document; which of several
 * nodes of one name comes first may depend on conditions, so that the order is settled when those are known.
 */
export function splitMutation(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Map<string, OperationDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const byName = new Map<string, SelectionNode[]>();

  /** `around` are the fragments that a field stands in, the outermost first. */
  const visit = (selections: readonly SelectionNode[], around: readonly InlineFragmentNode[]): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const name = (node.alias ?? node.name).value;
        byName.set(name, [...(byName.get(name) ?? []), wrapped(node, around)]);
        continue;
      }
      const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
      if (fragment === undefined) continue;
      const { typeCondition, selectionSet } = fragment;
      const outer = {
        kind: Kind.INLINE_FRAGMENT,
        typeCondition,
        directives: node.directives,
        selectionSet,
      } as const;
      visit(selectionSet.selections, [...around, outer]);
    }
  };
  visit(operation.selectionSet.selections, []);
  return new Map(
    [...byName].map(([name, selections]) => [
      name,
      { ...operation, selectionSet: { kind: Kind.SELECTION_SET, selections } },
    ]),
  );
}

/** The field within the fragments around it, with something to ask of what it returns whatever the conditions are. */
function wrapped(field: FieldNode, around: readonly InlineFragmentNode[]): SelectionNode {
  const selections = field.selectionSet && [TYPENAME, ...field.selectionSet.selections];
  return around.reduceRight<SelectionNode>(
    (inner, fragment) => ({ ...fragment, selectionSet: { kind: Kind.SELECTION_SET, selections: [inner] } }),
    selections === undefined ? field : { ...field, selectionSet: { kind: Kind.SELECTION_SET, selections } },
  );
}

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };
