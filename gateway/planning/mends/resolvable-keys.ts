// Mend of a defect of the planner (2.14.4): when it completes an entity in the subgraph it came from, it names it by the
// first `@key` there, even one with `resolvable: false`, which leads nowhere.
import type { DocumentNode } from 'graphql';
import { argumentOf, isFieldsDefinition } from './supergraph-document.ts';

/** The supergraph with keys that cannot be resolved behind those that can; the same object when they are. */
export function putResolvableKeysFirst(document: DocumentNode): DocumentNode {
  let changed = false;
  const definitions = document.definitions.map((node) => {
    if (!isFieldsDefinition(node)) return node;
    const directives = node.directives ?? [];
    const leadsNowhere = (index: number): boolean => {
      const directive = directives[index];
      return directive?.name.value === 'join__type' && argumentOf(directive, 'resolvable') === false;
    };
    const first = directives.filter((_, index) => !leadsNowhere(index));
    const last = directives.filter((_, index) => leadsNowhere(index));
    const sorted = [...first, ...last];
    if (sorted.every((directive, index) => directive === directives[index])) return node;
    changed = true;
    return { ...node, directives: sorted };
  });
  return changed ? { ...document, definitions } : document;
}
