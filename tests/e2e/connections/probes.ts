import { setTimeout as delay } from 'node:timers/promises';
import { createSubgraphClient } from '#tests/support/subgraphs/subgraph-client.ts';
import { uuidv7 } from 'uuidv7';
import type { TestSystem } from '#tests/support/system.ts';
import type { SubgraphName } from '#system/supergraph.ts';

const entity = (typename: string) =>
  `{ _entities(representations: [{ __typename: "${typename}", id: "${uuidv7()}" }]) { __typename } }`;
/** What each can only answer with its database. */
const QUESTIONS: Readonly<Record<SubgraphName, string>> = {
  users: entity('User'),
  inventory: entity('Product'),
  orders: entity('Order'),
  payments: entity('Payment'),
};
const CALLERS = 3;
const EVERY_MS = 40;

export interface Probed {
  readonly service: string;
  /** When it answered, in rising order, as performance.now() tells. */
  readonly answered: readonly number[];
  /** The answer that somebody waited for longest, in ms, the server's own absence included. */
  readonly slowestMs: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** A few callers of each service's, who ask again and again until it is over. */
export function probeAll(system: TestSystem, over: AbortSignal): Promise<Probed[]> {
  return Promise.all(
    (Object.keys(QUESTIONS) as SubgraphName[]).map((service) => probe(system, service, over)),
  );
}

async function probe(system: TestSystem, service: SubgraphName, over: AbortSignal): Promise<Probed> {
  const answered: number[] = [];
  const refused: Record<string, number> = {};
  let slowestMs = 0;
  await using client = createSubgraphClient(system.ports[service], system.secrets.gatewaySecret);
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, index) => {
      await delay((index * EVERY_MS) / CALLERS);
      while (!over.aborted) {
        const asked = performance.now();
        const { errors = [] } = await client
          .answer(QUESTIONS[service])
          .catch(() => ({ errors: [{ extensions: { code: 'NO ANSWER' } }] }));
        if (errors.length === 0) answered.push(performance.now());
        slowestMs = Math.max(slowestMs, Math.round(performance.now() - asked));
        for (const { extensions } of errors) {
          const code = String(extensions['code']);
          refused[code] = (refused[code] ?? 0) + 1;
        }
        await delay(EVERY_MS);
      }
    }),
  );
  return { service, answered, slowestMs, refused };
}

/** The longest time in which a service answered nobody, in ms, that of the server's own absence left out. */
export function longestPause(
  answered: readonly number[],
  away: readonly { from: number; until: number }[],
): number {
  const times = [...answered, ...away.map(({ until }) => until)].toSorted((a, b) => a - b);
  let longest = 0;
  for (const [index, at] of times.entries()) {
    const before = times[index - 1];
    if (before === undefined) continue;
    const absent = away.reduce(
      (sum, { from, until }) => sum + Math.max(0, Math.min(at, until) - Math.max(before, from)),
      0,
    );
    longest = Math.max(longest, at - before - absent);
  }
  return Math.round(longest);
}
