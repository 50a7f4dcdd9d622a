// Mend of a defect of the planner (2.14.4): where conditions may leave nothing of what is selected of a field, it makes
// them conditions of the field itself, which then is not asked for at all: `{ b { v @skip(if: $c) } }` loses `b`.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  visit,
} from 'graphql';

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** The document with something to ask of every field whatever its conditions are. */
export function askOfEveryField(document: DocumentNode): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const known = new Map<string, boolean>();

  function asksFragment(name: string): boolean {
    let asks = known.get(name);
    if (asks === undefined) {
      asks = fragments.get(name)?.selectionSet.selections.some(asksAlways) ?? false;
      known.set(name, asks);
    }
    return asks;
  }

  /** Whether the selection is there whatever the conditions are. */
  function asksAlways(node: SelectionNode): boolean {
    if (node.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) return false;
    if (node.kind === Kind.FIELD) return true;
    return node.kind === Kind.INLINE_FRAGMENT
      ? node.selectionSet.selections.some(asksAlways)
      : asksFragment(node.name.value);
  }

  return visit(document, {
    Field(node) {
      const { selectionSet } = node;
      if (selectionSet === undefined || selectionSet.selections.some(asksAlways)) return undefined;
      const selections = [TYPENAME, ...selectionSet.selections];
      return { ...node, selectionSet: { ...selectionSet, selections } };
    },
  });
}
