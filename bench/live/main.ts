/*
 * npm run bench:live: what a live delivery costs, beside the least that it can cost, in one run on one machine.
 * Absolute figures depend on the machine; the ratios are what is promised. Needs Linux (/proc).
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import type { ClientsTask, Deliveries } from './clients.ts';
import { type Helper, type Measured, startHelper, startMeasured } from './processes.ts';
import { ORDERS_SDL, USERS_SDL } from './schemas.ts';
import type { StartEvents, SubgraphStats, SubgraphsReady } from './subgraphs.ts';

const CLIENTS = 500;
const WARM_UP_MS = 3_000;
const MEASURE_MS = Number(process.env['BENCH_MS'] ?? 8_000);
const CYCLES = 10_000;
/** For the last sockets to be closed on both sides. */
const SETTLE_MS = 1_000;
const GATEWAY = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));
const FLOOR = fileURLToPath(new URL('./floor.ts', import.meta.url));

interface Load {
  readonly name: string;
  readonly topics: number;
  readonly eventsPerSecond: number;
}
const SHARED: Load = { name: 'all follow one order, 20 events/s', topics: 1, eventsPerSecond: 20 };
const UNSHARED: Load = {
  name: 'each follows another order, 1,000 events/s',
  topics: CLIENTS,
  eventsPerSecond: 1_000,
};

interface Figures extends Deliveries {
  readonly cpuUs: number;
  readonly kb: number;
  /** Of what the subgraph sent while deliveries were counted. */
  readonly deliveredShare: number;
  readonly upstreams: number;
  readonly entityCallsPerEvent: number;
}

async function measure(target: Measured, load: Load, subgraphs: Helper): Promise<Figures> {
  await using clients = startHelper('./clients.ts');
  const ask = <Answer>(task: ClientsTask) => clients.ask<Answer>(task);
  const stats = () => subgraphs.ask<SubgraphStats>('stats');
  await sleep(500);
  const idleKb = target.residentKb();
  await ask({ do: 'follow', url: target.url.replace('http', 'ws'), clients: CLIENTS, topics: load.topics });
  const start: StartEvents = load;
  subgraphs.process.send(start);
  await sleep(WARM_UP_MS);
  const connectedKb = target.residentKb();
  const [cpuBefore, before] = [target.cpuUs(), await stats()];
  const deliveries = await ask<Deliveries>({ do: 'count', ms: MEASURE_MS });
  const [cpuAfter, after] = [target.cpuUs(), await stats()];
  return {
    ...deliveries,
    cpuUs: (cpuAfter - cpuBefore) / deliveries.delivered,
    kb: (connectedKb - idleKb) / CLIENTS,
    deliveredShare: deliveries.delivered / (((after.events - before.events) * CLIENTS) / load.topics),
    upstreams: before.upstreams,
    entityCallsPerEvent: (after.entityCalls - before.entityCalls) / (after.events - before.events),
  };
}

function report(load: Load, floor: Figures, ours: Figures): void {
  const one = (value: number) => value.toFixed(1);
  console.log(`\n${CLIENTS} clients, ${load.name}`);
  console.table({
    'deliveries/s': {
      floor: one((floor.delivered * 1000) / MEASURE_MS),
      ours: one((ours.delivered * 1000) / MEASURE_MS),
    },
    'delivered of what was sent': {
      floor: `${one(100 * floor.deliveredShare)} %`,
      ours: `${one(100 * ours.deliveredShare)} %`,
    },
    'processor µs a delivery': {
      floor: one(floor.cpuUs),
      ours: one(ours.cpuUs),
      ratio: one(ours.cpuUs / floor.cpuUs),
    },
    'KB a connection': { floor: one(floor.kb), ours: one(ours.kb) },
    'delay p50, ms': { floor: floor.p50Ms, ours: ours.p50Ms },
    'delay p99, ms': { floor: floor.p99Ms, ours: ours.p99Ms, ratio: one(ours.p99Ms / floor.p99Ms) },
    'upstream subscriptions': { floor: floor.upstreams, ours: ours.upstreams },
    'entity requests an event': { floor: '0.0', ours: ours.entityCallsPerEvent.toFixed(2) },
    'wrong deliveries': { floor: floor.wrong, ours: ours.wrong },
  });
}

async function main(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-live-'));
  await using subgraphs = startHelper('./subgraphs.ts');
  try {
    const [ready] = (await once(subgraphs.process, 'message')) as [SubgraphsReady];
    const supergraph = join(folder, 'supergraph.graphql');
    writeFileSync(supergraph, compose(ready));
    const startFloor = () => startMeasured([FLOOR], { ORDERS_URL: ready.ordersUrl });
    const startOurs = () => startMeasured([GATEWAY], { SUPERGRAPH: supergraph });
    const figures = async (load: Load, start: () => Promise<Measured>) => {
      await using target = await start();
      return await measure(target, load, subgraphs);
    };

    const promises: [what: string, kept: boolean][] = [];
    for (const load of [SHARED, UNSHARED]) {
      const floor = await figures(load, startFloor);
      const ours = await figures(load, startOurs);
      report(load, floor, ours);
      promises.push(['nothing wrong is delivered', ours.wrong === 0 && ours.delivered > 0]);
      if (load !== SHARED) continue;
      promises.push(
        ['processor time a delivery ≤ 1.6 × the floor', ours.cpuUs <= 1.6 * floor.cpuUs],
        ['≤ 70 KB a connection', ours.kb <= 70],
        ['p99 delay ≤ 3 × the floor', ours.p99Ms <= 3 * floor.p99Ms],
        ['one upstream for all', ours.upstreams === 1],
      );
    }

    await using target = await startOurs();
    const grownKb = await growth(target);
    console.log(
      `\n${CYCLES} connects, subscriptions and disconnects: the heap grew by ${grownKb.toFixed(0)} KB\n`,
    );
    promises.push(['memory is flat after 10,000 connects (less than 100 bytes each)', grownKb < CYCLES / 10]);

    for (const [what, kept] of promises) console.log(`${kept ? 'kept  ' : 'BROKEN'} ${what}`);
    return promises.every(([, kept]) => kept);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Growth over many connections, after as many that bring the process to its working size. */
async function growth(target: Measured): Promise<number> {
  await using clients = startHelper('./clients.ts');
  const cycle: ClientsTask = {
    do: 'cycle',
    url: target.url.replace('http', 'ws'),
    times: CYCLES,
    atOnce: 50,
  };
  await clients.ask(cycle);
  await sleep(SETTLE_MS);
  const before = await target.usedKb();
  await clients.ask(cycle);
  await sleep(SETTLE_MS);
  return (await target.usedKb()) - before;
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
