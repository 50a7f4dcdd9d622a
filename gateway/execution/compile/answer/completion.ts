// Running, when something is wrong with the merged tree: the answer by the letter of the specification, with its errors.
import {
  type GraphQLFormattedError,
  type GraphQLLeafType,
  type GraphQLOutputType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { isTooDeep, MAX_VALUE_DEPTH } from '#gateway/json/nesting.ts';
import { type ClientView, type Selections, type ViewField, visibleTypenames } from './client-view.ts';
import { createErrorPaths } from './error-paths.ts';
import { leafValue } from './leaf-values.ts';
import type { IntrospectionSource } from './projection.ts';

type Path = (string | number)[];

/** A null that an error accounts for. */
const FAILED = Symbol('failed');

/**
 * Completes the values of the merged tree ("CompleteValue", "Handling Field Errors"). A null where none may be gets an
 * error, unless a subgraph's error at, above or below that place accounts for it.
 */
export function completeAnswer(
  view: ClientView,
  introspection: IntrospectionSource,
  tree: unknown,
  known: readonly GraphQLFormattedError[],
): { data: Record<string, unknown> | null; errors: GraphQLFormattedError[] } {
  const errors: GraphQLFormattedError[] = [];
  const explained = createErrorPaths(known);

  function fail(message: string, code: string, path: Path): typeof FAILED {
    if (!explained.has(path)) errors.push({ message, path: [...path], extensions: { code } });
    return FAILED;
  }

  function complete(
    type: GraphQLOutputType,
    value: unknown,
    field: ViewField,
    parent: string,
    path: Path,
  ): unknown {
    if (isNonNullType(type)) {
      const completed = complete(type.ofType, value, field, parent, path);
      if (completed !== null) return completed;
      return fail(
        `Cannot return null for non-nullable field ${parent}.${field.fieldName}.`,
        'NON_NULL_VIOLATION',
        path,
      );
    }
    if (value === null || value === undefined) return null;
    const place = `${parent}.${field.fieldName}`;
    if (isListType(type)) {
      if (!Array.isArray(value)) return fail(`Expected a list for ${place}.`, 'INVALID_VALUE', path);
      return completeList(type.ofType, value, field, parent, path);
    }
    if (field.selections !== undefined) {
      if (typeof value !== 'object' || Array.isArray(value))
        return fail(`Expected an object for ${place}.`, 'INVALID_VALUE', path);
      return completeObject(field.selections, value, place, path);
    }
    const leaf = leafValue(type as GraphQLLeafType, value);
    if (leaf !== undefined) return leaf;
    if (isTooDeep(value))
      return fail(
        `The value of ${place} is nested more than ${MAX_VALUE_DEPTH} deep.`,
        'VALUE_TOO_DEEP',
        path,
      );
    return fail(`Invalid value for ${place} of type ${String(type)}.`, 'INVALID_VALUE', path);
  }

  function completeList(
    item: GraphQLOutputType,
    values: unknown[],
    field: ViewField,
    parent: string,
    path: Path,
  ) {
    const list: unknown[] = [];
    let failed = false;
    values.forEach((value, index) => {
      const completed = complete(item, value, field, parent, [...path, index]);
      if (completed === FAILED && isNonNullType(item)) failed = true;
      list.push(completed === FAILED ? null : completed);
    });
    return failed ? FAILED : list;
  }

  function completeObject(selections: Selections, object: object, place: string, path: Path): unknown {
    const { type } = selections;
    const typename = isObjectType(type) ? type.name : (ownValue(object, '__typename') ?? type.name);
    if (typeof typename !== 'string' || !visibleTypenames(view.schema, type).includes(typename)) {
      return fail(`The object at ${place} has no type that this API knows.`, 'INVALID_VALUE', path);
    }
    const answer: Record<string, unknown> = {};
    let failed = false;
    for (const field of view.fields(selections, typename)) {
      const completed = completeField(field, object, typename, [...path, field.name]);
      if (completed === FAILED && (field.type === undefined || isNonNullType(field.type))) failed = true;
      const value = completed === FAILED ? null : completed;
      Object.defineProperty(answer, field.name, {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return failed ? FAILED : answer;
  }

  function completeField(field: ViewField, object: object, typename: string, path: Path): unknown {
    if (field.kind === 'introspection') return introspection.value(field);
    if (field.kind === 'typename') {
      // An interface's own name stands for an object whose type nobody could tell.
      if (isObjectType(view.schema.getType(typename))) return typename;
      return fail(`The type of an object of ${typename} is not known.`, 'INVALID_VALUE', path);
    }
    if (field.type === undefined) throw new Error(`no type for ${field.name}`);
    return complete(field.type, ownValue(object, field.key), field, typename, path);
  }

  const data = completeObject(view.root, tree as object, view.root.type.name, []);
  return { data: data === FAILED ? null : (data as Record<string, unknown>), errors };
}

function ownValue(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}
