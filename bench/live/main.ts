/*
 * npm run bench:live: what a live delivery costs, beside the least that it can cost, in one run on one machine, and
 * whether connections leave anything behind. Absolute figures depend on the machine; the ratios are what is promised.
 * Needs Linux (/proc). About four minutes.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { CLIENTS, compare, type Load, report } from './fan-out.ts';
import { CYCLES, cycleInBatches, heapKbPerBatch, reportMemory, residentKbGrown } from './memory.ts';
import { startHelper, startMeasured } from './processes.ts';
import { ORDERS_SDL, USERS_SDL } from './schemas.ts';
import type { SubgraphsReady } from './subgraphs.ts';

const GATEWAY = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));
const FLOOR = fileURLToPath(new URL('./floor.ts', import.meta.url));
const SHARED: Load = { name: 'all follow one order, 20 events/s', topics: 1, eventsPerSecond: 20 };
const UNSHARED: Load = {
  name: 'each follows another order, 1,000 events/s',
  topics: CLIENTS,
  eventsPerSecond: 1_000,
};

async function main(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-live-'));
  await using subgraphs = startHelper('./subgraphs.ts');
  try {
    const [ready] = (await once(subgraphs.process, 'message')) as [SubgraphsReady];
    const supergraph = join(folder, 'supergraph.graphql');
    writeFileSync(supergraph, compose(ready));
    const start = {
      floor: () => startMeasured([FLOOR], { ORDERS_URL: ready.ordersUrl }),
      ours: () => startMeasured([GATEWAY], { SUPERGRAPH: supergraph }),
    };

    const promises: [what: string, kept: boolean][] = [];
    for (const load of [SHARED, UNSHARED]) {
      const compared = await compare(load, start, subgraphs);
      report(load, compared);
      const { floor, ours } = compared;
      promises.push(['nothing wrong is delivered', ours.wrong === 0 && ours.delivered > 0]);
      if (load !== SHARED) continue;
      promises.push(
        [
          'processor time a delivery ≤ 1.6 × the floor',
          ours.cpuUsPerDelivery <= 1.6 * floor.cpuUsPerDelivery,
        ],
        ['≤ 70 KB a connection', ours.kb <= 70],
        ['p99 delay ≤ 3 × the floor', ours.p99Ms <= 3 * floor.p99Ms],
        ['one upstream for all', ours.upstreams === 1],
      );
    }

    await using target = await start.ours();
    const memory = await cycleInBatches(target);
    reportMemory(memory);
    promises.push(
      ['the heap grows by less than 100 bytes a connection', heapKbPerBatch(memory) < CYCLES / 10],
      [
        'resident memory does not grow (by 20 MB over 40,000 connections)',
        residentKbGrown(memory) < 20 * 1024,
      ],
    );

    for (const [what, kept] of promises) console.log(`${kept ? 'kept  ' : 'BROKEN'} ${what}`);
    return promises.every(([, kept]) => kept);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function compose({ ordersUrl, usersUrl }: SubgraphsReady): string {
  const { supergraphSdl, errors } = composeServices([
    { name: 'orders', url: ordersUrl, typeDefs: parse(ORDERS_SDL) },
    { name: 'users', url: usersUrl, typeDefs: parse(USERS_SDL) },
  ]);
  if (supergraphSdl === undefined) throw new AggregateError(errors ?? []);
  return supergraphSdl;
}

process.exitCode = (await main()) ? 0 : 1;
