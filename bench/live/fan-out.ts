import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../median.ts';
import type { ClientsTask, Deliveries } from './clients.ts';
import { type Helper, type Measured, startHelper } from './processes.ts';
import type { StartEvents, SubgraphStats } from './subgraphs.ts';

export const CLIENTS = 500;
/** Floor and gateway take turns so often, so that what else the machine does meets both. */
const ROUNDS = 3;
const WARM_UP_MS = 3_000;
const MEASURE_MS = Number(process.env['BENCH_MS'] ?? 5_000);

export interface Load {
  readonly name: string;
  readonly topics: number;
  readonly eventsPerSecond: number;
}

/** What one process did in one round. */
interface Round extends Deliveries {
  readonly cpuUs: number;
  readonly kb: number;
  readonly sent: number;
  readonly upstreams: number;
  readonly entityCalls: number;
  readonly events: number;
}

/** What one process did in all rounds: counts and processor time pooled, delays and memory the median of the rounds. */
export interface Figures extends Deliveries {
  readonly cpuUsPerDelivery: number;
  readonly kb: number;
  /** Of what the subgraph sent while deliveries were counted. */
  readonly deliveredShare: number;
  /** The most of any round. */
  readonly upstreams: number;
  readonly entityCallsPerEvent: number;
  readonly p99MsOfRounds: readonly number[];
}

export interface Compared {
  readonly floor: Figures;
  readonly ours: Figures;
}

/** Measures both under the load, in turns, each round with new processes. */
export async function compare(
  load: Load,
  start: Readonly<Record<keyof Compared, () => Promise<Measured>>>,
  subgraphs: Helper,
): Promise<Compared> {
  const rounds: Record<keyof Compared, Round[]> = { floor: [], ours: [] };
  for (let i = 0; i < ROUNDS; i += 1) {
    for (const name of ['floor', 'ours'] as const) {
      await using target = await start[name]();
      rounds[name].push(await measure(target, load, subgraphs));
    }
  }
  return { floor: pool(rounds.floor), ours: pool(rounds.ours) };
}

async function measure(target: Measured, load: Load, subgraphs: Helper): Promise<Round> {
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
  const events = after.events - before.events;
  return {
    ...deliveries,
    cpuUs: cpuAfter - cpuBefore,
    kb: (connectedKb - idleKb) / CLIENTS,
    sent: (events * CLIENTS) / load.topics,
    upstreams: before.upstreams,
    entityCalls: after.entityCalls - before.entityCalls,
    events,
  };
}

function pool(rounds: readonly Round[]): Figures {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const delivered = sum((round) => round.delivered);
  return {
    delivered,
    wrong: sum((round) => round.wrong),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    p99MsOfRounds: rounds.map(({ p99Ms }) => p99Ms),
    cpuUsPerDelivery: sum(({ cpuUs }) => cpuUs) / delivered,
    kb: median(rounds.map(({ kb }) => kb)),
    deliveredShare: delivered / sum(({ sent }) => sent),
    upstreams: Math.max(...rounds.map(({ upstreams }) => upstreams)),
    entityCallsPerEvent: sum(({ entityCalls }) => entityCalls) / sum(({ events }) => events),
  };
}

export function report(load: Load, { floor, ours }: Compared): void {
  const row = (of: (figures: Figures) => string) => ({ floor: of(floor), ours: of(ours) });
  const ratio = (of: (figures: Figures) => number) => ({ ratio: (of(ours) / of(floor)).toFixed(2) });
  console.log(`\n${CLIENTS} clients, ${load.name}; ${ROUNDS} rounds, in turns`);
  console.table({
    'deliveries/s': row(({ delivered }) => ((delivered * 1000) / (MEASURE_MS * ROUNDS)).toFixed(0)),
    'delivered of what was sent': row(({ deliveredShare }) => `${(100 * deliveredShare).toFixed(1)} %`),
    'processor µs a delivery': {
      ...row(({ cpuUsPerDelivery }) => cpuUsPerDelivery.toFixed(1)),
      ...ratio(({ cpuUsPerDelivery }) => cpuUsPerDelivery),
    },
    'KB a connection': row(({ kb }) => kb.toFixed(1)),
    'delay p50, ms': { ...row(({ p50Ms }) => p50Ms.toFixed(2)), ...ratio(({ p50Ms }) => p50Ms) },
    'delay p99, ms': { ...row(({ p99Ms }) => p99Ms.toFixed(2)), ...ratio(({ p99Ms }) => p99Ms) },
    'delay p99 of each round': row(({ p99MsOfRounds }) =>
      p99MsOfRounds.map((ms) => ms.toFixed(1)).join('  '),
    ),
    'upstream subscriptions': row(({ upstreams }) => String(upstreams)),
    'entity requests an event': row(({ entityCallsPerEvent }) => entityCallsPerEvent.toFixed(2)),
    'wrong deliveries': row(({ wrong }) => String(wrong)),
  });
}
