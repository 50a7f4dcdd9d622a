import { describe, expect, it } from 'vitest';
import { compose } from '#tests/oracle/supergraphs.ts';
import { parseSupergraph, SupergraphError } from './supergraph.ts';

const moved = (override: string): string =>
  compose({
    name: 'override',
    subgraphs: {
      a: 'type Query { a: Int } type T @key(fields: "id") { id: ID! x: Int }',
      b: `type Query { t: T } type T @key(fields: "id") { id: ID! x: Int ${override} }`,
    },
  });

describe('a supergraph with an @override for a part of the requests', () => {
  it.each(['percent(5)', 'percent(100)', 'some-label'])(
    'is refused, naming field and way out: %s',
    (label) => {
      const sdl = moved(`@override(from: "a", label: "${label}")`);
      expect(() => parseSupergraph(sdl)).toThrow(SupergraphError);
      expect(() => parseSupergraph(sdl)).toThrow(`T.x has @override(label: "${label}")`);
    },
  );

  it('is served without the label', () => {
    expect(parseSupergraph(moved('@override(from: "a")')).subgraphs.size).toBe(2);
  });
});
