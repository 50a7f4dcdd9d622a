// Mend of a defect of the planner (2.14.4): a field whose type has no possible object plans to nothing, at the root or below
// it. That is an error, whether the field may be null or not: the one of a child that may not, or else its own.
import {
  getNullableType,
  type GraphQLFormattedError,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { TreeOutline } from '../steps/shape.ts';
import { type ClientView, type Selections, type ViewField, visibleTypenames } from './client-view.ts';

/** A field of the client's that no fetch puts on the objects of a type at a place. */
export interface UnplannedField {
  /** The fields above it, from the root. */
  readonly place: readonly ViewField[];
  readonly field: ViewField;
  /** What the objects are. */
  readonly typename: string;
  /** Whether an object without `__typename` is one of them. */
  readonly isOnlyType: boolean;
  /** Whether the client asks it for something that may not be null. */
  readonly needsValue: boolean;
}

/** As of the errors of a fetch: the others are null all the same. */
const MAX_PLACES = 100;

export function unplannedFields(view: ClientView, outline: TreeOutline): UnplannedField[] {
  const found: UnplannedField[] = [];
  const visit = (selections: Selections, place: readonly ViewField[]): void => {
    const planned = outline.at(place.map(({ key }) => key));
    const below = new Set<Selections>();
    for (const typename of visibleTypenames(view.schema, selections.type)) {
      for (const field of view.fields(selections, typename)) {
        if (field.kind === 'typename' || field.kind === 'introspection') continue;
        if (planned.has(field.key) && planned.get(field.key)?.has(typename) !== false) {
          if (field.selections === undefined || below.has(field.selections)) continue;
          below.add(field.selections);
          visit(field.selections, [...place, field]);
        } else {
          const isOnlyType = isObjectType(selections.type);
          found.push({ place, field, typename, isOnlyType, needsValue: needsValue(view, field) });
        }
      }
    }
  };
  visit(view.root, []);
  return found;
}

function needsValue(view: ClientView, { type, selections }: ViewField): boolean {
  if (selections === undefined || type === undefined || isListType(getNullableType(type))) return false;
  return view.fields(selections, selections.type.name).some((field) => isNonNullType(field.type));
}

/** Puts the errors of unplanned fields to the others, for the objects that there are. Changes the tree. */
export function tellUnplanned(
  unplanned: readonly UnplannedField[],
  tree: object,
  errors: GraphQLFormattedError[],
): void {
  let left = MAX_PLACES;
  for (const { place, field, typename, isOnlyType, needsValue: needs } of unplanned) {
    const visit = (value: unknown, depth: number, path: readonly (string | number)[]): void => {
      if (typeof value !== 'object' || value === null || left === 0) return;
      if (Array.isArray(value)) return value.forEach((item, index) => visit(item, depth, [...path, index]));
      const object = value as Record<string, unknown>;
      const next = place[depth];
      if (next !== undefined) {
        if (Object.hasOwn(object, next.key)) visit(object[next.key], depth + 1, [...path, next.name]);
        return;
      }
      const own = Object.hasOwn(object, '__typename') ? object['__typename'] : undefined;
      if (own !== typename && !(isOnlyType && own === undefined)) return;
      if (Object.hasOwn(object, field.key) && object[field.key] !== undefined) return;
      left -= 1;
      if (needs) object[field.key] = {};
      else errors.push(unplannedError(field.name, [...path, field.name]));
    };
    visit(tree, 0, []);
  }
}

function unplannedError(name: string, path: readonly (string | number)[]): GraphQLFormattedError {
  return {
    message: `No subgraph can answer the field "${name}".`,
    path,
    extensions: { code: 'FIELD_NOT_PLANNED' },
  };
}
