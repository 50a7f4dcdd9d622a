// Compiling: the shape of a subgraph's answer.
import type { FetchDataRewrite } from '@apollo/query-planner';
import { Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import { included } from '#gateway/execution/compile/conditions.ts';
import type { EntityTypes } from '#gateway/execution/compile/entities/entity-keys.ts';

/**
 * The response keys that an object of an answer may have, over all types it may be of. A subgraph answers what it was
 * asked, so which fragment a key comes from makes no difference when it is read.
 */
export interface Shape {
  readonly keys: readonly ShapeKey[];
  /**
   * What the objects are, where only the subgraph's schema tells: for others the field may have any type of an interface
   * or a union, for this subgraph it has one, so that the planner asks for no `__typename`.
   */
  readonly typename: string | undefined;
}

export interface ShapeKey {
  /** In the subgraph's answer. */
  readonly from: string;
  /** In the merged tree. The planner gives fields of one name but different types aliases, and they are undone here. */
  readonly to: string;
  /** For objects and lists of them. */
  readonly child?: Shape | undefined;
  /** Where {@link Shape.typename} depends on the type of the object with the key: by that type's name. */
  readonly typenameBy?: ReadonlyMap<string, string> | undefined;
  /** What `__typename` an object with the key may have; `undefined` for any. */
  readonly typenames: ReadonlySet<string> | undefined;
}

export interface ShapeOptions {
  readonly subgraph: string;
  /** The type that the fetch starts from, `undefined` where fragments tell. */
  readonly rootType: string | undefined;
  /** The planner's `outputRewrites`. */
  readonly rewrites: readonly FetchDataRewrite[] | undefined;
  readonly types: EntityTypes;
  readonly conditions: ReadonlyMap<string, boolean>;
}

/** @throws {Error} on a rewrite that this executor does not know, or a named fragment */
export function answerShape(
  selectionSet: SelectionSetNode,
  { subgraph, rootType, rewrites = [], types, conditions }: ShapeOptions,
): Shape {
  const renames = new Map<string, string>();
  for (const rewrite of rewrites) {
    if (rewrite.kind !== 'KeyRenamer')
      throw new Error(`the plan has an unknown output rewrite ${rewrite.kind}`);
    renames.set(
      joined(rewrite.path.filter((element) => !element.startsWith('... on '))),
      rewrite.renameKeyTo,
    );
  }

  /** What the subgraph says of a field's type, and whether the supergraph leaves it open. */
  function typeOf(parent: string | undefined, field: string): { own: string | undefined; exact: boolean } {
    if (parent === undefined) return { own: undefined, exact: false };
    const own = types.fieldType(subgraph, parent, field);
    const exact =
      own !== undefined && own !== types.joinedFieldType(parent, field) && types.isObjectType(own);
    return { own, exact };
  }

  function shapeOf(typed: readonly TypedSelections[], path: readonly string[], exact: boolean): Shape {
    const found = new Map<string, FoundKey>();
    const collect = (
      selection: SelectionNode,
      parent: string | undefined,
      typenames: ReadonlySet<string> | undefined,
    ): void => {
      if (!included(selection, conditions)) return;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        const own = condition === undefined ? undefined : new Set(types.namesOf(condition));
        const both =
          typenames === undefined ? own : own === undefined ? typenames : typenames.intersection(own);
        for (const inner of selection.selectionSet.selections) collect(inner, condition ?? parent, both);
      } else if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const entry = found.get(key);
        const nested = entry?.nested ?? [];
        const { own, exact: isExact } = typeOf(parent, selection.name.value);
        if (selection.selectionSet !== undefined)
          nested.push({ selections: selection.selectionSet.selections, type: own, parent });
        found.set(key, {
          nested,
          exact: isExact || entry?.exact === true,
          typenames: entry === undefined ? typenames : either(entry.typenames, typenames),
        });
      } else {
        // The planner is told to write none (`PLANNER_CONFIG`).
        throw new Error(`a fetch spreads the fragment ${selection.name.value}`);
      }
    };
    for (const { selections, type } of typed)
      for (const selection of selections) collect(selection, type, undefined);
    const keys = [...found].map(([from, { nested, typenames, exact: isExact }]) => {
      const inner = [...path, from];
      const child = nested.length === 0 ? undefined : shapeOf(nested, inner, isExact);
      const typenameBy = isExact && child?.typename === undefined ? byParent(nested) : undefined;
      return { from, to: renames.get(joined(inner)) ?? from, child, typenames, typenameBy };
    });
    const [first] = typed;
    const isOne = exact && typed.every(({ type }) => type === first?.type);
    return { keys, typename: isOne ? first?.type : undefined };
  }

  function byParent(nested: readonly TypedSelections[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const { parent, type } of nested) {
      if (parent === undefined || type === undefined || !types.isObjectType(type)) continue;
      for (const name of types.namesOf(parent)) found.set(name, type);
    }
    return found;
  }

  return shapeOf([{ selections: selectionSet.selections, type: rootType, parent: undefined }], [], false);
}

interface TypedSelections {
  readonly selections: readonly SelectionNode[];
  /** As the subgraph knows it. */
  readonly type: string | undefined;
  /** The type of the objects above. */
  readonly parent: string | undefined;
}

interface FoundKey {
  readonly nested: TypedSelections[];
  readonly exact: boolean;
  readonly typenames: ReadonlySet<string> | undefined;
}

/** What is known of the merged tree before anything runs. */
export interface TreeOutline {
  /** The keys that fetches put on the objects at a place; `place` are the keys from the root, lists left out. */
  at(place: readonly string[]): ReadonlyMap<string, ReadonlySet<string> | undefined>;
  /** Whether a key of the objects at a place comes from more than one fetch, or from one under several names. */
  hasSeveralSources(place: readonly string[], key: string): boolean;
}

/** Puts the shapes of all fetches together. */
export function outlineTree(
  fetches: readonly { readonly place: readonly string[]; readonly shape: Shape }[],
): TreeOutline {
  const places = new Map<string, Map<string, ReadonlySet<string> | undefined>>();
  const severalSources = new Set<string>();
  const visit = ({ keys, typename }: Shape, place: readonly string[]): void => {
    const name = joined(place);
    const known = places.get(name) ?? new Map<string, ReadonlySet<string> | undefined>();
    places.set(name, known);
    if (typename !== undefined) known.set('__typename', undefined);
    for (const { to, typenames, typenameBy, child } of keys) {
      if (known.has(to)) severalSources.add(joined([...place, to]));
      known.set(to, known.has(to) ? either(known.get(to), typenames) : typenames);
      if (child !== undefined) visit(child, [...place, to]);
      if (typenameBy !== undefined) places.get(joined([...place, to]))?.set('__typename', undefined);
    }
  };
  for (const { shape, place } of fetches) visit(shape, place);
  const nothing = new Map<string, undefined>();
  return {
    at: (place) => places.get(joined(place)) ?? nothing,
    hasSeveralSources: (place, key) => severalSources.has(joined([...place, key])),
  };
}

function either(
  a: ReadonlySet<string> | undefined,
  b: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  return a === undefined || b === undefined ? undefined : a.union(b);
}

function joined(path: readonly string[]): string {
  return path.join('.');
}
