// Compiling: how the answer of a fetch gets into the merged tree.
import { type Program, property, read, write } from '../code.ts';
import type { Shape, ShapeKey, TreeOutline } from './shape.ts';

/** An object of the merged tree, or of an answer. */
export type Data = Record<string, unknown>;

/** What is known of the whole tree. */
export interface MergeSurroundings {
  /** A copy is made with room for the keys that other fetches add, so that it keeps its hidden class when they come. */
  readonly outline: TreeOutline;
  /** The names of all interfaces. */
  readonly interfaces: ReadonlySet<string>;
}

/**
 * Writes `merge(target, source)`, which copies the keys of `shape` from a subgraph's answer into an object of the merged
 * tree at `place`, and returns its name. Answers may be shared with other requests, so every object is copied, never
 * linked. A key that is `undefined` counts as absent.
 *
 * Objects and lists of one length are merged; a null takes nothing away that another subgraph gave.
 */
export function writeMerge(
  program: Program,
  shape: Shape,
  place: readonly string[],
  { outline, interfaces: names }: MergeSurroundings,
): string {
  const interfaces = program.constant(names);
  const merges = new Map<Shape, string>();
  const copies = new Map<Shape, string>();
  const places = new Map<Shape, readonly string[]>();
  const visit = (at: Shape, way: readonly string[]): void => {
    places.set(at, way);
    for (const { to, child } of at.keys) if (child !== undefined) visit(child, [...way, to]);
  };
  visit(shape, place);

  function merge(shape: Shape): string {
    let name = merges.get(shape);
    if (name !== undefined) return name;
    name = program.name();
    merges.set(shape, name);
    const body = shape.keys.map((key) =>
      key.child === undefined ? mergeLeaf(key) : mergeObject(key, key.child),
    );
    program.define(`function ${name}(t, s) { let v, w; ${body.join(' ')} }`);
    return name;
  }

  function mergeLeaf({ from, to }: ShapeKey): string {
    if (to === '__typename') {
      // A subgraph that knows an entity as an `@interfaceObject` calls it by the interface's name: the real one stays.
      return `v = ${read('s', from)}; if (typeof v === "string" && (t.__typename === undefined || !${interfaces}.has(v))) t.__typename = v;`;
    }
    return `v = ${read('s', from)}; if (v !== undefined && (v !== null || ${read('t', to)} === undefined)) ${write('t', to, 'v')}`;
  }

  function mergeObject({ from, to }: ShapeKey, child: Shape): string {
    const value = `w === undefined || w === null ? ${copyValue(child)}(v) : ${mergeValue(child)}(w, v)`;
    return `v = ${read('s', from)}; if (v !== undefined) { w = ${read('t', to)}; if (v !== null) { ${write('t', to, value)} } else if (w === undefined) { ${write('t', to, 'null')} } }`;
  }

  const valueCopies = new Map<Shape, string>();
  // Lists are sliced and not filled: `push` gives even the shortest one room for sixteen.
  function copyValue(shape: Shape): string {
    let name = valueCopies.get(shape);
    if (name !== undefined) return name;
    name = program.name();
    valueCopies.set(shape, name);
    const copy = copyObject(shape);
    program.define(`function ${name}(v) {
      if (v === null || typeof v !== "object") return v;
      if (!Array.isArray(v)) return ${copy}(v);
      const r = v.slice();
      for (let i = 0; i < r.length; i++) r[i] = ${name}(r[i]);
      return r;
    }`);
    return name;
  }

  const valueMerges = new Map<Shape, string>();
  function mergeValue(shape: Shape): string {
    let name = valueMerges.get(shape);
    if (name !== undefined) return name;
    name = program.name();
    valueMerges.set(shape, name);
    const mergeOne = merge(shape);
    program.define(`function ${name}(w, v) {
      if (v === null || v === undefined) return w;
      if (w === null || typeof w !== "object" || typeof v !== "object") return ${copyValue(shape)}(v);
      if (Array.isArray(v) !== Array.isArray(w)) return ${copyValue(shape)}(v);
      if (!Array.isArray(v)) { ${mergeOne}(w, v); return w; }
      if (v.length !== w.length) return ${copyValue(shape)}(v);
      for (let i = 0; i < v.length; i++) w[i] = ${name}(w[i], v[i]);
      return w;
    }`);
    return name;
  }

  function copyObject(shape: Shape): string {
    let name = copies.get(shape);
    if (name !== undefined) return name;
    name = program.name();
    copies.set(shape, name);
    const values = new Map<string, string[]>();
    for (const { from, to, child } of shape.keys) {
      const value = child === undefined ? read('s', from) : `${copyValue(child)}(${read('s', from)})`;
      values.set(to, [...(values.get(to) ?? []), value]);
    }
    for (const key of outline.at(places.get(shape) ?? []).keys())
      if (!values.has(key)) values.set(key, ['undefined']);
    const literal = [...values].map(([to, sources]) => property(to, sources.join(' ?? ')));
    program.define(`function ${name}(s) { return { ${literal.join(', ')} }; }`);
    return name;
  }

  return merge(shape);
}
