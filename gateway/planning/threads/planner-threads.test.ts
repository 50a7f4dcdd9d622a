import { readFileSync } from 'node:fs';
import { parse } from 'graphql';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlanningThreadsConfig } from '#gateway/planning/planning-settings.ts';
import { OperationError } from '#gateway/planning/operation-error.ts';
import { createPlanner } from '#gateway/planning/planner.ts';
import { createPlanning } from '#gateway/planning/planning.ts';
import { createPlanningMetrics } from '#gateway/planning/planning-metrics.ts';
import { practiceOperations } from '#gateway/planning/practice.ts';
import { parseSupergraph, type Supergraph } from '#gateway/supergraph/supergraph.ts';
import { ENDLESS, ENDLESS_QUERY } from '#tests/gateway/support/endless.ts';
import { until } from '#tests/support/until.ts';
import { compose, SUPERGRAPHS } from '#tests/oracle/supergraphs.ts';
import { createPlannerThreads, type PlannerThreads } from './planner-threads.ts';

const shop = parseSupergraph(readFileSync('schema/supergraph.graphql', 'utf8'));
const endless = parseSupergraph(ENDLESS);
const CONFIG: PlanningThreadsConfig = { timeoutMs: 10_000, threads: 2, memoryMb: 512, maxWaiting: 100 };

const planningWith = (threads: PlannerThreads, supergraph: Supergraph) =>
  createPlanning(supergraph, { planner: threads.open(supergraph.sdl) });

async function refusal(run: () => unknown): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof OperationError) return error.errors[0]?.extensions;
    throw error;
  }
}

describe('an operation that the planner finds no end of', async () => {
  const threads = createPlannerThreads({ ...CONFIG, timeoutMs: 2_500, memoryMb: 8_000 });
  afterAll(() => threads[Symbol.asyncDispose]());
  const planning = planningWith(threads, endless);
  const other = planningWith(threads, shop);
  await Promise.all([planning.ready(), other.practise(50)]);

  it('is refused when its time is up, while others are planned and the event loop is free', async () => {
    let longest = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    let refused = false;
    const slow = refusal(() => planning.prepare(ENDLESS_QUERY)).then((extensions) => {
      refused = true;
      return extensions;
    });
    await other.prepare('{ me { id orders { totalCount } } }');
    expect(refused).toBe(false);
    expect(await slow).toEqual({ code: 'PLANNING_TIMED_OUT' });
    clearInterval(ticking);
    expect(longest).toBeLessThan(1_000);
  });

  it('is refused at once the next time, however it is laid out and named', async () => {
    const started = performance.now();
    for (const again of [
      ENDLESS_QUERY.replaceAll(' ', '\n'),
      ENDLESS_QUERY.replace('data', 'alias: data'),
      `query Named ${ENDLESS_QUERY}`,
    ])
      expect(await refusal(() => planning.prepare(again))).toEqual({ code: 'PLANNING_TIMED_OUT' });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('keeps no other operation of its document from being planned', async () => {
    const source = `query Endless ${ENDLESS_QUERY} query Short { start { id } }`;
    expect(await refusal(() => planning.prepare(source, 'Endless'))).toEqual({ code: 'PLANNING_TIMED_OUT' });
    expect(await refusal(() => planning.prepare(source, 'Short'))).toBeUndefined();
  });

  it('does not keep practice from ending', async () => {
    const started = performance.now();
    await planning.practise(200);
    expect(performance.now() - started).toBeLessThan(8_000);
    const prepared = await planning.prepare('{ start { id } }');
    expect(prepared.kind).toBe('query');
  });
});

it('an operation that takes all memory is refused, and the process goes on', async () => {
  await using threads = createPlannerThreads({ ...CONFIG, timeoutMs: 60_000, memoryMb: 48 });
  const planning = planningWith(threads, endless);
  expect(await refusal(() => planning.prepare(ENDLESS_QUERY))).toEqual({ code: 'OPERATION_TOO_COMPLEX' });
  expect(await refusal(() => planning.prepare('{ start { id } }'))).toBeUndefined();
});

describe('while one client floods the planner with operations that find no end', async () => {
  const metrics = createPlanningMetrics();
  const threads = createPlannerThreads({ ...CONFIG, timeoutMs: 900, memoryMb: 8_000 }, metrics);
  afterAll(() => threads[Symbol.asyncDispose]());
  const planning = planningWith(threads, endless);
  await planning.practise(50);
  const events: string[] = [];
  const flood = () => {
    for (let shape = 0; shape < 10; shape += 1) {
      const query = ENDLESS_QUERY.replace('data', `data ${'__typename '.repeat(shape)}`);
      void refusal(() => planning.prepare(query, '', '10.0.0.66')).then(() => events.push('refused'));
    }
  };
  const ask = async (query: string, address: string | undefined) => {
    const outcome = await refusal(() => planning.prepare(query, '', address));
    events.push(address ?? 'gateway');
    return outcome;
  };

  it('another has an operation planned before more than one of the threads has come to its limit twice', async () => {
    flood();
    await until(() => metrics.threads === 2 && metrics.waiting === 8, 'the flood to hold both threads');
    expect(await ask('{ start { id } }', '10.0.0.1')).toBeUndefined();
    expect(events.filter((event) => event === 'refused').length).toBeLessThan(3);
    expect(metrics.threadsEnded['crowded'] ?? 0).toBeLessThan(2);
  });

  it('a thread is left to the others and to the gateway itself from then on', async () => {
    const ended = metrics.threadsEnded['crowded'];
    const refusals = events.length;
    expect(await ask('{ start { required } }', '10.0.0.2')).toBeUndefined();
    expect(await ask('{ start { id required } }', undefined)).toBeUndefined();
    expect(events.slice(refusals).filter((event) => event === 'refused').length).toBeLessThan(2);
    expect(metrics.threadsEnded['crowded']).toBe(ended);
  });

  it('another who asks for what waits in the flood does not wait with it', async () => {
    const query = '{ start { required id } }';
    void ask(query, '10.0.0.66');
    const shared = planning.prepare(query, '', '10.0.0.3');
    await shared;
    expect(metrics.waiting).toBeGreaterThan(4);
  });
});

it('operations beyond those that may wait are refused at once, and may come again', async () => {
  await using threads = createPlannerThreads({ ...CONFIG, threads: 1, maxWaiting: 2 });
  const planning = planningWith(threads, shop);
  await planning.ready();
  const query = (n: number) => `{ order(id: "${n}") { id } }`;
  const outcomes = await Promise.all([1, 2, 3, 4].map((n) => refusal(() => planning.prepare(query(n)))));
  expect(outcomes).toEqual([
    undefined,
    undefined,
    undefined,
    { code: 'PLANNING_OVERLOADED', retryable: true },
  ]);
  expect(await refusal(() => planning.prepare(query(4)))).toBeUndefined();
});

it('what waits is bounded by the memory that it holds, not by its text', async () => {
  await using threads = createPlannerThreads({ ...CONFIG, threads: 1 });
  const planning = planningWith(threads, shop);
  // 0.3 MB of text each, and some 18 MB once it is parsed.
  const query = (n: number) =>
    `{ orders(filter: { statuses: [${'PENDING '.repeat(35_000)}] }, first: ${n}) { totalCount } }`;
  const outcomes = [1, 2].map((n) => refusal(() => planning.prepare(query(n), '', '10.0.0.1')));
  expect(await outcomes[1]).toEqual({ code: 'PLANNING_OVERLOADED', retryable: true });
});

it('an operation that many ask for at once is planned once', async () => {
  await using threads = createPlannerThreads({ ...CONFIG, maxWaiting: 1 });
  const planning = planningWith(threads, shop);
  const all = await Promise.all(Array.from({ length: 50 }, async () => planning.prepare('{ me { id } }')));
  expect(new Set(all).size).toBe(1);
  expect(planning.prepare('{ me { id } }')).toBe(all[0]);
});

it('a supergraph that cannot be planned with is told', async () => {
  await using threads = createPlannerThreads(CONFIG);
  const planner = threads.open('type Query { a: Int }');
  await expect(planner.ready()).rejects.toThrow();
  await expect(planningWith(threads, shop).ready()).resolves.toBeUndefined();
});

describe('a plan is the same from a thread', async () => {
  const threads = createPlannerThreads({ ...CONFIG, timeoutMs: 20_000 });
  afterAll(() => threads[Symbol.asyncDispose]());

  it.each(SUPERGRAPHS)('$name', async (supergraphCase) => {
    const { sdl, apiSchema } = parseSupergraph(compose(supergraphCase));
    using remote = threads.open(sdl);
    const local = createPlanner(sdl);
    for (const source of practiceOperations(apiSchema).slice(0, 2)) {
      const document = parse(source);
      const [operation] = document.definitions;
      if (operation?.kind !== 'OperationDefinition') throw new Error('expected an operation');
      expect(await remote.plan(document, operation)).toEqual(local.plan(document, operation));
    }
  });
});
