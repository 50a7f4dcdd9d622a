// Compiling: from the root of the merged tree to the objects at a path.
import { read } from '#gateway/execution/compile/code.ts';

export interface Walked {
  /** The variable that holds the object at the end of the path. */
  readonly object: string;
  /** The objects above it, from the root, one a field: lists on the way do not count. */
  readonly ancestors: readonly string[];
}

/**
 * Source that runs `visit` for every object at `path`, starting from the variable `o0`. Nulls end the way without
 * harm, and so does what is no list where the path has an `@`.
 */
export function writeWalk(path: readonly string[], visit: (walked: Walked) => string): string {
  let counter = 0;

  function step(at: number, value: string, ancestors: readonly string[]): string {
    const element = path[at];
    if (element === '@') {
      const index = `i${++counter}`;
      const item = `o${counter}`;
      const inner = step(at + 1, item, ancestors);
      return `if (Array.isArray(${value})) for (let ${index} = 0; ${index} < ${value}.length; ${index}++) { const ${item} = ${value}[${index}]; ${inner} }`;
    }
    const isObject = `if (typeof ${value} === "object" && ${value} !== null)`;
    if (element === undefined) return `${isObject} { ${visit({ object: value, ancestors })} }`;
    const field = `o${++counter}`;
    const inner = step(at + 1, field, [...ancestors, value]);
    return `${isObject} { const ${field} = ${read(value, element)}; ${inner} }`;
  }

  return step(0, 'o0', []);
}

/** The way from the root to each object at `path`, for errors. */
export function locate(root: unknown, path: readonly string[]): Map<object, (string | number)[]> {
  const found = new Map<object, (string | number)[]>();
  const visit = (value: unknown, at: number, way: (string | number)[]): void => {
    if (typeof value !== 'object' || value === null) return;
    const element = path[at];
    if (element === undefined) {
      found.set(value, way);
    } else if (element === '@') {
      if (Array.isArray(value)) value.forEach((item, index) => visit(item, at + 1, [...way, index]));
    } else if (Object.hasOwn(value, element)) {
      visit((value as Record<string, unknown>)[element], at + 1, [...way, element]);
    }
  };
  visit(root, 0, []);
  return found;
}
