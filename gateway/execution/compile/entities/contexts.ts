// Compiling: the values that `@fromContext` takes from an entity's ancestors.
import type { FetchDataKeyRenamer } from '@apollo/query-planner';
import { isOneOf, type Program, read } from '#gateway/execution/compile/code.ts';
import type { EntityTypes } from './entity-keys.ts';
import type { Shape, ShapeKey } from '#gateway/execution/compile/steps/shape.ts';

/** One argument that an entity fetch takes from the data above the entity. */
export interface ContextValue {
  /** The variable of the fetch that gets the value. */
  readonly variable: string;
  /** Source of the value, `undefined` when there is none. `chain` are the objects from the root down to the entity. */
  source(chain: readonly string[]): string;
}

/**
 * Reads the planner's `contextRewrites`: `..` goes up one field, `... on T` asks for a type, a name goes down a field.
 * Several ways to one variable are alternatives; the first that leads to a value counts.
 */
export function contextValues(
  program: Program,
  types: EntityTypes,
  rewrites: readonly FetchDataKeyRenamer[],
): ContextValue[] {
  const ways = new Map<string, string[][]>();
  for (const { path, renameKeyTo } of rewrites)
    ways.set(renameKeyTo, [...(ways.get(renameKeyTo) ?? []), path]);
  return [...ways].map(([variable, paths]) => {
    const readers = paths.map((path) => {
      const down = path.filter((element) => element !== '..');
      return { up: path.length - down.length, read: writeDescent(program, types, down) };
    });
    return {
      variable,
      source(chain) {
        const values = readers.map(({ up, read: descend }) => {
          const start = chain[chain.length - 1 - up];
          return start === undefined ? 'undefined' : `${descend}(${start})`;
        });
        return `${program.constant(firstDefined)}(${values.join(', ')})`;
      },
    };
  });
}

/** A fetch of the plan and what it puts into the tree. */
interface Supplier {
  readonly index: number;
  readonly fetch: { readonly contextRewrites?: readonly FetchDataKeyRenamer[] };
  /** The path without its lists. */
  readonly place: readonly string[];
  readonly shape: Shape;
  readonly dependencies: readonly number[];
}

/**
 * The steps, each waiting also for those that fetch its values for `@fromContext`: the plan may put them side by side,
 * as it orders by what a fetch requires of its entities alone.
 */
export function waitForContexts<Step extends Supplier>(planned: readonly Step[]): readonly Step[] {
  if (planned.every(({ fetch }) => fetch.contextRewrites === undefined)) return planned;
  const dependencies = planned.map((step) => [...step.dependencies]);
  const waitsFor = (from: number, to: number): boolean =>
    from === to || (dependencies[from] ?? []).some((index) => waitsFor(index, to));
  for (const { index, fetch, place } of planned) {
    for (const { path } of fetch.contextRewrites ?? []) {
      const down = path.filter((element) => element !== '..');
      const fields = down.filter((element) => !element.startsWith('... on '));
      const above = place.slice(0, place.length - (path.length - down.length));
      for (const other of planned) {
        if (waitsFor(index, other.index) || !supplies(other, [...above, ...fields])) continue;
        if (!waitsFor(other.index, index)) dependencies[index]?.push(other.index);
      }
    }
  }
  return planned.map((step, index) => ({ ...step, dependencies: dependencies[index] ?? step.dependencies }));
}

/** Whether a fetch puts something at the end of the way. */
function supplies({ place, shape }: Supplier, way: readonly string[]): boolean {
  if (place.length >= way.length || !place.every((key, index) => way[index] === key)) return false;
  let current: Shape | undefined = shape;
  for (const key of way.slice(place.length)) {
    const found: ShapeKey | undefined = current?.keys.find(({ to }) => to === key);
    if (found === undefined) return false;
    current = found.child;
  }
  return true;
}

function writeDescent(program: Program, types: EntityTypes, path: readonly string[]): string {
  const [element, ...rest] = path;
  if (element === undefined) return program.declare((name) => `function ${name}(v) { return v; }`);
  const next = writeDescent(program, types, rest);
  return program.declare((name) => {
    const fragment = element.startsWith('... on ') ? element.slice('... on '.length) : undefined;
    const inner =
      fragment === undefined
        ? `${next}(${read('v', element)})`
        : // Where the plan did not ask for the type, the path above has decided it.
          `v.__typename === undefined || ${isOneOf(program, 'v.__typename', types.namesOf(fragment))} ? ${next}(v) : undefined`;
    return `function ${name}(v) {
      if (v === null || v === undefined) return v;
      if (Array.isArray(v)) return v.map(${name});
      return ${inner};
    }`;
  });
}

function firstDefined(...values: unknown[]): unknown {
  return values.find((value) => value !== undefined);
}
