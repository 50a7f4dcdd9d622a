// What makes an answer right, given the answers of the two others.
import type { PeerAnswer } from './peers.ts';

export type Path = readonly (string | number)[];

/**
 * The places at which our answer is right by neither of the others: it is neither what Apollo answers there nor what
 * graphql-js does. The three are compared part by part, since Apollo may be wrong in one part and graphql-js no measure
 * in another: where a subgraph fails, a field that another one needed is lost too, and graphql-js knows of no subgraphs.
 *
 * @param failing whether fields fail in this world: then a null that our errors account for needs no other reason
 */
export function wrongPlaces(
  ours: PeerAnswer,
  theirs: PeerAnswer,
  reference: PeerAnswer,
  failing: boolean,
): Path[] {
  function visit(our: unknown, their: unknown, right: unknown, path: Path): Path[] {
    if (same(our, their) || same(our, right)) return [];
    if (our === null && failing && accounted(ours, path)) return [];
    if (Array.isArray(our) && isLike(our, their) && isLike(our, right)) {
      return our.flatMap((item, index) =>
        visit(item, part(their, index), part(right, index), [...path, index]),
      );
    }
    if (isObject(our) && isLike(our, their) && isLike(our, right) && inOrder(our, right)) {
      return Object.keys(our).flatMap((key) =>
        visit(our[key], part(their, key), part(right, key), [...path, key]),
      );
    }
    return [path];
  }
  return visit(ours.data, theirs.data, reference.data, []);
}

/** Where the null stands that an error has led to. */
export function nullPlace({ data }: PeerAnswer, path: Path): Path {
  let value = data;
  for (const [index, element] of path.entries()) {
    if (value === null) return path.slice(0, index);
    value = part(value, element);
  }
  return path;
}

/** Whether one of the errors stands at the path, above it or below it. */
export function accounted({ errors }: PeerAnswer, path: Path): boolean {
  return errors.some(({ path: own = [] }) => {
    const length = Math.min(own.length, path.length);
    return own.slice(0, length).every((element, index) => element === path[index]);
  });
}

/** Paths of errors that lead neither to a null nor to something that there is. */
export function misplaced({ data, errors }: PeerAnswer): Path[] {
  return errors.flatMap(({ path }) => {
    if (path === undefined) return [];
    let value = data;
    for (const element of path) {
      if (value === null) return [];
      if (typeof value !== 'object' || !Object.hasOwn(value as object, element)) return [path];
      value = part(value, element);
    }
    return [];
  });
}

/** Whether `other` is missing altogether, or has the same keys, or the same length. */
function isLike(value: object, other: unknown): boolean {
  if (other === undefined || other === null) return true;
  if (Array.isArray(value)) return Array.isArray(other) && value.length === other.length;
  return isObject(other) && same(Object.keys(value).toSorted(), Object.keys(other).toSorted());
}

/** The order of an answer is that of the operation, which Apollo does not keep. */
function inOrder(value: object, right: unknown): boolean {
  return !isObject(right) || same(Object.keys(value), Object.keys(right));
}

function part(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
