// Compiling: the values inside of a representation.
import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { isExactNumber } from '#gateway/json/exact-json.ts';
import { checked, isOneOf, type Program, read, write } from '#gateway/execution/compile/code.ts';
import { type EntityNaming, fieldsOf } from './entity-keys.ts';
import type { TreeOutline } from '#gateway/execution/compile/steps/shape.ts';

type FieldOfKey = ReturnType<typeof fieldsOf>[number];

/** Source that tells whether a field of a key has a value, down to its leaves, in every object of a list. */
export function present(program: Program, field: FieldOfKey, value: string): string {
  const given = `${value} !== null && ${value} !== undefined`;
  if (field.selectionSet === undefined) return given;
  const nested = fieldsOf(field.selectionSet.selections).map((child) =>
    present(program, child, read('v', child.name.value)),
  );
  // A null among the items of a list is what the list holds, not what it lacks.
  const whole = program.declare(
    (name) => `function ${name}(v) {
      if (Array.isArray(v)) return v.every((item) => item === null || ${name}(item));
      return ${['typeof v === "object" && v !== null', ...nested].join(' && ')};
    }`,
  );
  return `${whole}(${value})`;
}

interface NestedPlace {
  readonly place: readonly string[];
  readonly outline: TreeOutline;
}

/**
 * Writes a function that copies the selected part of a value. What the client's conditions have left out is left out
 * here too; `undefined` when something else in it was not fetched.
 */
export function writeNested(
  program: Program,
  naming: EntityNaming,
  selections: readonly QueryPlanSelectionNode[],
  { place, outline }: NestedPlace,
): string {
  const keys = outline.at(place);
  const written = new Set<string>();
  const isExpected = (field: string): string => {
    const typenames = keys.get(field);
    if (typenames === undefined) return String(keys.has(field));
    return `(v.__typename === undefined || ${isOneOf(program, 'v.__typename', [...typenames])})`;
  };
  const assign = (nodes: readonly QueryPlanSelectionNode[]): string =>
    nodes
      .map((node) => {
        if (node.kind === 'InlineFragment') {
          const inner = assign(node.selections);
          if (node.typeCondition === undefined) return inner;
          return `if (${isOneOf(program, 'v.__typename', naming.types.namesOf(node.typeCondition))}) { ${inner} }`;
        }
        const value = read('v', node.name);
        const below = { outline, place: [...place, node.name] };
        const copy =
          node.selections === undefined
            ? value
            : `${writeNested(program, naming, node.selections, below)}(${value})`;
        const name = checked(naming.sentName(node.name));
        // What stands in several fragments is put together.
        const both = written.has(name) && node.selections !== undefined;
        written.add(name);
        const all = both ? `${program.constant(mergedValue)}(${read('r', name)}, x)` : 'x';
        return `x = ${copy}; if (x !== undefined) { ${write('r', name, all)} } else if (${isExpected(node.name)}) return undefined;`;
      })
      .join(' ');
  return program.declare(
    (name) => `function ${name}(v) {
      if (v === null || v === undefined) return v;
      if (typeof v !== "object") return undefined;
      let x; const r = Array.isArray(v) ? [] : {};
      if (Array.isArray(v)) { for (const item of v) { x = ${name}(item); if (x === undefined) return undefined; r.push(x); } return r; }
      ${assign(selections)} return r;
    }`,
  );
}

/** Puts the values of an object or a list into another of its kind, which is changed and returned. */
export function mergeInto(target: object, source: object): object {
  const into = target as Record<string, unknown>;
  for (const [key, value] of Object.entries(source)) {
    const existing = Object.hasOwn(into, key) ? into[key] : undefined;
    const both = isObject(existing) && isObject(value) && Array.isArray(existing) === Array.isArray(value);
    Object.defineProperty(into, key, {
      value: both ? mergeInto(existing, value) : value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return into;
}

function mergedValue(target: unknown, source: unknown): unknown {
  return isObject(target) && isObject(source) && Array.isArray(target) === Array.isArray(source)
    ? mergeInto(target, source)
    : source;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isExactNumber(value);
}
