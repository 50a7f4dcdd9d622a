// Compiling: the values that `@fromContext` takes from an entity's ancestors.
import type { FetchDataKeyRenamer } from '@apollo/query-planner';
import { isOneOf, type Program, read } from '../code.ts';
import type { EntityTypes } from './entity-keys.ts';

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
