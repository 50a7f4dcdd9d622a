// Planning: how much an operation asks for, with fragments expanded where they are spread. A fragment is counted once and
// its sum added wherever it is spread, so that counting takes no longer than reading, whatever the sums are.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

/** Sums are floating-point: what doubles a thousand times is `Infinity` in the end, and no wrong number. */
export interface SelectionCounts {
  /** Levels of fields. */
  readonly depth: number;
  /** Fields; those of one name in one selection set count once. */
  readonly height: number;
  readonly aliases: number;
  /** Fields and fragments. */
  readonly selections: number;
  readonly directives: number;
}

export interface OperationCounts extends SelectionCounts {
  /** Response names at the root. */
  readonly rootFields: number;
}

const NOTHING: SelectionCounts = { depth: 0, height: 0, aliases: 0, selections: 0, directives: 0 };

/** Counts operations of one document, which need not be valid: what is spread in itself counts as nothing there. */
export function createCounter(
  document: DocumentNode,
): (operation: OperationDefinitionNode) => OperationCounts {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const counted = new Map<SelectionSetNode, SelectionCounts>();

  function count(selectionSet: SelectionSetNode): SelectionCounts {
    const known = counted.get(selectionSet);
    if (known !== undefined) return known;
    counted.set(selectionSet, NOTHING);
    const sum = { ...NOTHING };
    const names = new Set<string>();
    const spread = new Set<SelectionSetNode>();
    for (const node of selectionSet.selections) {
      sum.selections += 1;
      sum.directives += node.directives?.length ?? 0;
      const isField = node.kind === Kind.FIELD;
      if (isField) {
        if (node.alias !== undefined) sum.aliases += 1;
        names.add(node.name.value);
      }
      const inner =
        node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value)?.selectionSet : node.selectionSet;
      const below = inner === undefined ? NOTHING : count(inner);
      sum.depth = Math.max(sum.depth, below.depth + (isField ? 1 : 0));
      // A fragment that stands here twice asks for nothing more the second time.
      if (isField || inner === undefined || !spread.has(inner)) sum.height += below.height;
      if (inner !== undefined) spread.add(inner);
      sum.aliases += below.aliases;
      sum.selections += below.selections;
      sum.directives += below.directives;
    }
    sum.height += names.size;
    counted.set(selectionSet, sum);
    return sum;
  }

  return (operation) => {
    const counts = count(operation.selectionSet);
    return {
      ...counts,
      directives: counts.directives + (operation.directives?.length ?? 0),
      rootFields: rootNames(operation.selectionSet, fragments).size,
    };
  };
}

function rootNames(
  root: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Set<string> {
  const names = new Set<string>();
  const seen = new Set<SelectionSetNode>();
  const waiting = [root];
  for (let set = waiting.pop(); set !== undefined; set = waiting.pop()) {
    if (seen.has(set)) continue;
    seen.add(set);
    for (const node of set.selections) {
      if (node.kind === Kind.FIELD) names.add(responseName(node));
      else if (node.kind === Kind.INLINE_FRAGMENT) waiting.push(node.selectionSet);
      else {
        const fragment = fragments.get(node.name.value);
        if (fragment !== undefined) waiting.push(fragment.selectionSet);
      }
    }
  }
  return names;
}

function responseName({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}
