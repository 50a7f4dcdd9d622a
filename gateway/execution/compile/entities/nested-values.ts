// Compiling: what representations carry of custom scalars, which may be nested as deep as a subgraph likes.
import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import type { EntityTypes } from './entity-keys.ts';
import type { Gathered } from './gathered.ts';

/** Whether a leaf among the selections of objects of one of the types may be of a custom scalar. */
export function mayNest(
  types: EntityTypes,
  selections: readonly QueryPlanSelectionNode[],
  typenames: readonly string[],
): boolean {
  return selections.some((node) => {
    if (node.kind === 'InlineFragment') {
      const { typeCondition } = node;
      return mayNest(types, node.selections, typeCondition === undefined ? typenames : [typeCondition]);
    }
    const { name, selections: inner } = node;
    if (inner === undefined) return typenames.some((type) => !types.isBuiltInLeaf(type, name));
    return mayNest(
      types,
      inner,
      typenames.flatMap((type) => types.joinedFieldType(type, name) ?? []),
    );
  });
}

/** Leaves an entity out, which then gets an error. */
export function refuse(into: Gathered, entity: object): void {
  into.refused ??= [];
  into.refused.push(entity);
}
