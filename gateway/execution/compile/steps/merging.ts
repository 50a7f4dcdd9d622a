// Compiling: how the answer of a fetch gets into the merged tree.
import { isExactNumber, toDouble } from '#gateway/json/exact-json.ts';
import { type Program, property, read, write } from '#gateway/execution/compile/code.ts';
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
  const places = new Map<Shape, readonly string[]>();
  const visit = (at: Shape, way: readonly string[]): void => {
    places.set(at, way);
    for (const { to, child } of at.keys) if (child !== undefined) visit(child, [...way, to]);
  };
  visit(shape, place);
  const placeOf = (at: Shape): readonly string[] => places.get(at) ?? [];

  const merge = once((at: Shape) => {
    const body = at.keys.map((key) =>
      key.child === undefined ? mergeLeaf(placeOf(at), key) : mergeObject(placeOf(at), key, key.child),
    );
    if (at.typename !== undefined && !at.keys.some(({ to }) => to === '__typename'))
      body.push(`t.__typename = ${JSON.stringify(at.typename)};`);
    body.push(...typenameStatements(at, 't'));
    return program.declare((name) => `function ${name}(t, s) { let v, w; ${body.join(' ')} }`);
  });

  function mergeLeaf(at: readonly string[], { from, to }: ShapeKey): string {
    if (to === '__typename') {
      // A subgraph that knows an entity as an `@interfaceObject` calls it by the interface's name: the real one stays.
      return `v = ${read('s', from)}; if (typeof v === "string" && (t.__typename === undefined || !${interfaces}.has(v))) t.__typename = v;`;
    }
    const found = `v = ${read('s', from)}; if (v !== undefined`;
    if (!outline.hasSeveralSources(at, to)) return `${found}) ${write('t', to, 'v')}`;
    return `${found} && (v !== null || ${read('t', to)} === undefined)) ${write('t', to, 'v')}`;
  }

  function mergeObject(at: readonly string[], { from, to }: ShapeKey, child: Shape): string {
    const get = `v = ${read('s', from)}; if (v !== undefined)`;
    if (!outline.hasSeveralSources(at, to)) return `${get} ${write('t', to, `${copyValue(child)}(v)`)}`;
    const value = `w === undefined || w === null ? ${copyValue(child)}(v) : ${mergeValue(child)}(w, v)`;
    return `${get} { w = ${read('t', to)}; if (v !== null) { ${write('t', to, value)} } else if (w === undefined) { ${write('t', to, 'null')} } }`;
  }

  // Lists are sliced and not filled: `push` gives even the shortest one room for sixteen.
  const copyValue = once((at: Shape) => {
    const copy = copyObject(at);
    return program.declare(
      (name) => `function ${name}(v) {
      if (v === null || typeof v !== "object") return v;
      if (!Array.isArray(v)) return ${copy}(v);
      const r = v.slice();
      for (let i = 0; i < r.length; i++) r[i] = ${name}(r[i]);
      return r;
    }`,
    );
  });

  const mergeValue = once((at: Shape) => {
    const mergeOne = merge(at);
    const copy = copyValue(at);
    return program.declare(
      (name) => `function ${name}(w, v) {
      if (v === null || v === undefined) return w === undefined ? v : w;
      if (w === null || typeof w !== "object" || typeof v !== "object") return ${copy}(v);
      if (Array.isArray(v) !== Array.isArray(w)) return ${copy}(v);
      if (!Array.isArray(v)) { ${mergeOne}(w, v); return w; }
      if (v.length !== w.length) return ${copy}(v);
      for (let i = 0; i < v.length; i++) w[i] = ${name}(w[i], v[i]);
      return w;
    }`,
    );
  });

  function copyObject(at: Shape): string {
    const values = new Map<string, ShapeKey[]>();
    for (const key of at.keys) values.set(key.to, [...(values.get(key.to) ?? []), key]);
    const literal = [...values].map(([to, sources]) => property(to, sourcesOf(sources)));
    if (at.typename !== undefined && !values.has('__typename')) {
      literal.push(property('__typename', JSON.stringify(at.typename)));
      values.set('__typename', []);
    }
    for (const key of outline.at(placeOf(at)).keys())
      if (!values.has(key)) literal.push(property(key, 'undefined'));
    const check = numberCheck(at);
    const more = typenameStatements(at, 'r');
    if (more.length === 0)
      return program.declare((name) => `function ${name}(s) { ${check} return { ${literal.join(', ')} }; }`);
    return program.declare(
      (name) =>
        `function ${name}(s) { ${check} const r = { ${literal.join(', ')} }; ${more.join(' ')} return r; }`,
    );
  }

  /** A number that was kept as its text is no object. Looked at where a field is missing that all objects have. */
  function numberCheck({ keys }: Shape): string {
    const always = keys.find(({ typenames }) => typenames === undefined);
    if (always === undefined) return '';
    return `if (${read('s', always.from)} === undefined && ${program.constant(isExactNumber)}(s)) return ${program.constant(toDouble)}(s);`;
  }

  /** For keys whose objects are of a type that follows from that of the object above. */
  function typenameStatements({ keys }: Shape, object: string): string[] {
    return keys.flatMap(({ to, typenameBy }) => {
      if (typenameBy === undefined) return [];
      const typename = `${program.constant(typenameBy)}.get(${object}.__typename)`;
      return [`${program.constant(nameType)}(${read(object, to)}, ${typename});`];
    });
  }

  /** One key from several names of it: a null that one of them gives is a value, unless another knows better. */
  function sourcesOf(sources: readonly ShapeKey[]): string {
    return sources.reduce((before, { from, child }) => {
      const value = read('s', from);
      if (before === '') return child === undefined ? value : `${copyValue(child)}(${value})`;
      const join = child === undefined ? program.constant(eitherLeaf) : mergeValue(child);
      return `${join}(${before}, ${value})`;
    }, '');
  }

  return merge(shape);
}

function nameType(value: unknown, typename: string | undefined): void {
  if (typename === undefined || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) for (const item of value) nameType(item, typename);
  else if (!('__typename' in value) || value.__typename === undefined)
    Object.assign(value, { __typename: typename });
}

function eitherLeaf(first: unknown, second: unknown): unknown {
  return first === undefined || (first === null && second !== undefined) ? second : first;
}

/** Writes a shape's function when it is first needed. */
function once(write: (shape: Shape) => string): (shape: Shape) => string {
  const names = new Map<Shape, string>();
  return (shape) => {
    let name = names.get(shape);
    if (name === undefined) names.set(shape, (name = write(shape)));
    return name;
  };
}
