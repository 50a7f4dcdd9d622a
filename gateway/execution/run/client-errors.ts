// Running: errors of subgraphs, told in the client's terms.
import type { GraphQLFormattedError } from 'graphql';
import { UpstreamError } from '#gateway/subgraphs/calls/calls.ts';
import type { ClientView, Selections } from '#gateway/execution/compile/answer/client-view.ts';
import type { CompiledStep } from '#gateway/execution/compile/steps/compile-step.ts';
import type { Shape } from '#gateway/execution/compile/steps/shape.ts';

type Path = readonly (string | number)[];

/** A failure that hits many places is reported for so many of them. The others are null all the same. */
const MAX_PLACES = 100;

/** From a key of the merged tree to the client's names and what lies below, over all types. */
export interface NameTree {
  readonly name: string;
  readonly children: ReadonlyMap<string, NameTree>;
}

/** The names that the client gave, as a tree by the keys of the merged tree. */
export function clientNameTree(view: ClientView): NameTree {
  const memo = new Map<string, ReadonlyMap<string, NameTree>>();
  const childrenOf = (groups: readonly Selections[]): ReadonlyMap<string, NameTree> => {
    const key = groups.map(({ id }) => id).join(' ');
    const known = memo.get(key);
    if (known !== undefined) return known;
    const byKey = new Map<string, { name: string; groups: Set<Selections> }>();
    for (const group of groups) {
      for (const field of view.everyField(group)) {
        const entry = byKey.get(field.key) ?? { name: field.name, groups: new Set() };
        if (field.selections !== undefined) entry.groups.add(field.selections);
        byKey.set(field.key, entry);
      }
    }
    const children = new Map<string, NameTree>();
    memo.set(key, children);
    for (const [childKey, entry] of byKey) {
      const nested = [...entry.groups];
      children.set(childKey, {
        name: entry.name,
        get children() {
          return childrenOf(nested);
        },
      });
    }
    return children;
  };
  return { name: '', children: childrenOf([view.root]) };
}

/** The node at a place of the merged tree, if the client asked for it. */
export function childOf(names: NameTree, place: readonly string[]): NameTree | undefined {
  return place.reduce<NameTree | undefined>((node, key) => node?.children.get(key), names);
}

/** The path by the client's names, as far as the client asked for it. */
export function toClientPath(names: NameTree, path: Path): Path {
  const client: (string | number)[] = [];
  let node: NameTree | undefined = names;
  for (const element of path) {
    if (typeof element === 'string') {
      node = node.children.get(element);
      if (node === undefined) break;
    }
    client.push(typeof element === 'string' ? node.name : element);
  }
  return client;
}

/** An error of a subgraph, with the path at which the client sees it. */
export function toClientError(
  error: GraphQLFormattedError,
  service: string,
  path: Path | undefined,
): GraphQLFormattedError {
  const code = error.extensions?.['code'] ?? 'DOWNSTREAM_SERVICE_ERROR';
  return {
    message: typeof error.message === 'string' ? error.message : `${service} reported an error`,
    ...(path !== undefined && path.length > 0 && { path }),
    extensions: { ...error.extensions, code, service },
  };
}

/** Why a call gave nothing, as an error without a path. */
export function failureOf(reason: unknown): GraphQLFormattedError {
  // What was to be sent on could not be written.
  if (reason instanceof RangeError)
    return { message: 'A value is nested too deep.', extensions: { code: 'VALUE_TOO_DEEP' } };
  const message = reason instanceof Error ? reason.message : String(reason);
  return {
    message,
    extensions: { code: reason instanceof UpstreamError ? reason.code : 'INTERNAL_SERVER_ERROR' },
  };
}

/** A subgraph's path below an object of the merged tree, with the planner's aliases undone. */
export function toTreePath(shape: Shape, path: Path): Path {
  let current: Shape | undefined = shape;
  return path.map((element) => {
    if (typeof element !== 'string') return element;
    const key = current?.keys.find(({ from }) => from === element);
    current = key?.child;
    return key?.to ?? element;
  });
}

/** Where objects of the merged tree stand, by the keys of the tree. */
export type Located = ReadonlyMap<object, Path>;

/** The places of the client's answer that a step fills: each key it fetches, on each object it completes. */
export function placesOf(
  step: CompiledStep,
  located: Located,
  objects: readonly object[],
  names: NameTree,
): Path[] {
  const below = step.shape.keys.filter(({ to }) => to !== '__typename').map(({ to }) => [to]);
  return clientPlaces(located, objects, below, names);
}

/** The client's paths for an error below an object that stands at several places. */
export function errorPaths(
  step: CompiledStep,
  located: Located,
  objects: readonly object[],
  below: Path,
  names: NameTree,
): Path[] {
  return clientPlaces(located, objects, [toTreePath(step.shape, below)], names);
}

function clientPlaces(
  located: Located,
  objects: readonly object[],
  below: readonly Path[],
  names: NameTree,
): Path[] {
  const places = new Map<string, Path>();
  for (const object of new Set(objects)) {
    const way = located.get(object);
    if (way === undefined) continue;
    for (const inner of below) {
      const path = toClientPath(names, [...way, ...inner]);
      places.set(JSON.stringify(path), path);
      if (places.size >= MAX_PLACES) return [...places.values()];
    }
  }
  return [...places.values()];
}
