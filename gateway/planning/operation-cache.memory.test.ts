import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import type { Upstreams } from '#gateway/subgraphs/calls/calls.ts';
import { createPlanning, type Planning } from './planning.ts';

const MB = 1024 * 1024;
const supergraph = parseSupergraph(readFileSync('schema/supergraph.graphql', 'utf8'));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use after everything else has been collected. */
function heapUsed(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const upstreams: Upstreams = {
  call: () => Promise.reject(new Error('nobody is there')),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

async function ask(planning: Planning, source: string, variables: Record<string, unknown> = {}) {
  const { compiled } = await planning.prepare(source);
  if (compiled.kind !== 'subscription') await compiled.execute(variables, { upstreams, headers: {} });
}

const times = (n: number, write: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => write(i)).join(' ');

const WIDE = `id number version status total { amount currencyCode } lines { quantity name unitPrice { amount currencyCode }
  variant { sku name price { amount } product { id name variants { sku } } } } customer { id name orders(first: 2) { nodes { id } } }
  payment { id status amount { amount } refunds { id } order { id } }`;

/** 1 KB of fragments that stand for 560 fields. */
const fragments = (n: number) =>
  `{ order(id: "${n}") { ...F0 } } ${times(
    4,
    (i) =>
      `fragment F${i} on Order { payment { order { ...F${i + 1} } } customer { orders { nodes { ...F${i + 1} } edges { node { ...F${i + 1} } } } } }`,
  )} fragment F4 on Order { id status }`;

/** Each the `n`th of its kind. */
const KINDS: Readonly<Record<string, (n: number) => string>> = {
  small: (n) => `{ order(id: "${n}") { id } }`,
  wide: (n) => `{ order(id: "${n}") { ${WIDE} } }`,
  'of many root fields': (n) => `{ ${times(6, (i) => `a${i}: order(id: "${n}") { ${WIDE} }`)} }`,
  'of few characters and much beneath them': fragments,
  'of the whole schema': (n) => getIntrospectionQuery().replace('__schema', `n${n + 1}: __schema`),
  'of types, by fragments': (n) => `{ ${times(6, (i) => `n${n + 1}x${i}: __type(name: "Query") { ...F }`)} }
    fragment F on __Type { kind fields { name description args { name type { name } } type { name fields { name } } } }`,
  'with a comment of 0.5 MB': (n) => `{ order(id: "${n}") { id } } #${'x'.repeat(MB / 2)}`,
  'with a thousand comments': (n) => `{ order(id: "${n}") { id } } ${'# x\n'.repeat(3_000)}`,
  'with a text of 90 KB': (n) => `{ order(id: "${n}${'y'.repeat(90_000)}") { id } }`,
  'with a text of 90,000 characters of two bytes': (n) => `{ order(id: "${n}${'ш'.repeat(90_000)}") { id } }`,
};

describe('what operations hold is', () => {
  it.each(Object.entries(KINDS))('no more than estimated: %s', async (_kind, write) => {
    const planning = createPlanning(supergraph, { cacheBytes: 1_000 * MB });
    await ask(planning, write(-1));
    const before = { heap: heapUsed(), estimate: planning.bytes };
    for (let n = 0; n < 10; n += 1) await ask(planning, write(n));
    const held = heapUsed() - before.heap;
    const estimated = planning.bytes - before.estimate;
    // The first of a kind leave something behind that is theirs no more than everybody's.
    expect(held).toBeLessThan(1.25 * estimated + MB);
    expect(estimated).toBeLessThan(8 * held + MB);
  });

  it.each([
    ['with a comment of 0.9 MB', 50, (n: number) => `{ me { id } } #${n}${'x'.repeat(900_000)}`],
    ['that is wrong, with a comment of 0.9 MB', 50, (n: number) => `{ nobody } #${n}${'x'.repeat(900_000)}`],
    ['of few characters and much beneath them', 20, fragments],
  ])('bounded, of every request %s', async (_what, requests, write) => {
    const cacheBytes = 5 * MB;
    const planning = createPlanning(supergraph, { cacheBytes });
    const send = (n: number) => ask(planning, write(n)).catch(() => undefined);
    await send(-1);
    const before = heapUsed();
    for (let n = 0; n < requests; n += 1) {
      await send(n);
      expect(planning.bytes).toBeLessThanOrEqual(cacheBytes);
    }
    expect(heapUsed() - before).toBeLessThan(2 * cacheBytes);
  });

  it('counted again for each setting of the conditions', async () => {
    const planning = createPlanning(supergraph);
    const source = `query ($a: Boolean!, $b: Boolean!) { order(id: 1) { id @include(if: $a) customer @skip(if: $b) { name } } }`;
    const sizes: number[] = [];
    for (const [a, b] of [
      [true, true],
      [true, false],
      [false, false],
    ]) {
      await ask(planning, source, { a, b });
      sizes.push(planning.bytes);
    }
    await ask(planning, source, { a: true, b: true });
    expect(sizes).toEqual([...sizes].sort((x, y) => x - y));
    expect(new Set(sizes).size).toBe(3);
    expect(planning.bytes).toBe(sizes[2]);
  });
});

describe('the cache', () => {
  it('does not plan again what another text of the same operation has driven out', async () => {
    const planning = createPlanning(supergraph, { cacheBytes: 4 * MB });
    const first = await planning.prepare('{ me { id } }');
    for (let n = 0; n < 10; n += 1) await planning.prepare(`{ me { id } } #${n}${'x'.repeat(500_000)}`);
    expect(await planning.prepare('{ me { id } }')).toBe(first);
  });

  it('takes no operation for another that was driven out under the same text', async () => {
    const planning = createPlanning(supergraph, { cacheSize: 1 });
    const source = 'query A { me { id } } query B { me { email } }';
    const kinds = [];
    for (const name of ['A', 'B', 'A'])
      kinds.push((await planning.prepare(source, name)).operation.name?.value);
    expect(kinds).toEqual(['A', 'B', 'A']);
    expect(planning.hottest(5)).toHaveLength(1);
  });

  it('is not needed for an operation larger than all of it', async () => {
    const planning = createPlanning(supergraph, { cacheBytes: 10_000 });
    await ask(planning, '{ me { id } }');
    await ask(planning, '{ me { id } }');
    expect(planning.hottest(5)).toEqual([]);
    expect(planning.bytes).toBeLessThanOrEqual(10_000);
  });
});
