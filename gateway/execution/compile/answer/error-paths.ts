// Running: where errors stand in an answer.
import type { GraphQLFormattedError } from 'graphql';

interface Node {
  readonly children: Map<string | number, Node>;
  ends: boolean;
}

/** Looks up places among the paths of errors. */
export interface ErrorPaths {
  /** Whether an error stands at the place, above it or below it. */
  has(path: readonly (string | number)[]): boolean;
}

export function createErrorPaths(errors: readonly GraphQLFormattedError[]): ErrorPaths {
  const root = newNode();
  for (const { path } of errors) {
    if (path === undefined) continue;
    let node = root;
    for (const element of path) {
      let child = node.children.get(element);
      if (child === undefined) node.children.set(element, (child = newNode()));
      node = child;
    }
    node.ends = true;
  }
  return {
    has(path) {
      if (errors.length === 0) return false;
      let node: Node | undefined = root;
      for (const element of path) {
        if (node.ends) return true;
        node = node.children.get(element);
        if (node === undefined) return false;
      }
      return node.ends || node.children.size > 0;
    },
  };
}

function newNode(): Node {
  return { children: new Map(), ends: false };
}

/**
 * Shortens the paths of errors that lead to fields which the client did not ask for, as far as the types of the answer
 * decide that: a subgraph may have been asked for more than it turned out to need.
 */
export function trimPaths(data: unknown, errors: readonly GraphQLFormattedError[]): GraphQLFormattedError[] {
  return errors.map((error) => {
    if (error.path === undefined) return error;
    const { path, ...rest } = error;
    let value = data;
    for (const [index, element] of path.entries()) {
      if (typeof value !== 'object' || value === null) return error;
      if (!Object.hasOwn(value, element)) return index === 0 ? rest : { ...rest, path: path.slice(0, index) };
      value = (value as Record<string | number, unknown>)[element];
    }
    return error;
  });
}
