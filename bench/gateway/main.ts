import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Course, setUpFilms } from './films-workload.ts';
import { type Contender, type Figures, type Load, type Running, startContender } from './measure.ts';
import { PINNING, stepAside } from './pinned.ts';
import { table, type Target, verdict } from './report.ts';

/**
 * `npm run bench:gateway -- [--seconds 9] [--connections 50]`
 *
 * What the gateway costs beside the least that Node can do for the same work (the floor) and beside @apollo/gateway,
 * all in one run and in turns: figures drift with the machine, ratios much less. Ends with 1 when a promised ratio is
 * missed. `--seconds` is for each contender.
 */
const ROUNDS = 3;
/** Of each contender. */
const NEW_OPERATIONS = 15;
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '9' }, connections: { type: 'string', default: '50' } },
});
const load: Load = {
  seconds: Math.ceil(Number(values.seconds) / ROUNDS),
  connections: Number(values.connections),
};

stepAside();

async function run(course: Course): Promise<boolean> {
  const { workload, expected, floor, peer, ours } = course;
  console.log(`\n${workload.name}`);
  await using stack = new AsyncDisposableStack();
  const start = async (contender: Contender): Promise<Running> => {
    process.stderr.write(`  warming up: ${contender.name}\n`);
    return stack.use(await startContender(contender, workload, expected, load));
  };
  const contenders = [
    await start(floor),
    await start(ours.alone),
    await start(ours.sharedCalls),
    await start(ours.sharedRequests),
    await start(peer),
  ] as const;
  process.stderr.write('  new operations\n');
  for (let n = 0; n < NEW_OPERATIONS; n += 1) {
    // Each has numbers of its own: what one has asked, the subgraphs would answer the next one faster.
    for (const [i, contender] of contenders.entries())
      await contender.timeNewOperation(n * contenders.length + i);
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    process.stderr.write(`  round ${round} of ${ROUNDS}\n`);
    for (const contender of contenders) await contender.press(load);
  }
  const [floorFigures, alone, sharedCalls, sharedRequests, peerFigures] = [
    contenders[0].figures(),
    contenders[1].figures(),
    contenders[2].figures(),
    contenders[3].figures(),
    contenders[4].figures(),
  ];
  const rows = [floorFigures, alone, sharedCalls, sharedRequests, peerFigures];
  const againstFloor = ({ cpuMsPerRequest }: Figures) => cpuMsPerRequest / floorFigures.cpuMsPerRequest;

  const targets: Target[] = [
    { promise: 'nothing shared, processor time ÷ floor', measured: againstFloor(alone), atMost: 1.6 },
    { promise: 'subgraph calls shared ÷ floor', measured: againstFloor(sharedCalls), atMost: 0.7 },
    { promise: 'requests shared ÷ floor', measured: againstFloor(sharedRequests), atMost: 0.35 },
    {
      promise: 'nothing shared ÷ @apollo/gateway (a twelfth)',
      measured: (12 * alone.cpuMsPerRequest) / peerFigures.cpuMsPerRequest,
      atMost: 1,
    },
    { promise: 'subgraph requests of one query', measured: alone.callsAlone, atMost: 8 },
    {
      promise: 'peak memory ÷ @apollo/gateway',
      measured: sharedCalls.peakMb / peerFigures.peakMb,
      atMost: 1,
    },
    {
      promise: 'first request of a new operation ÷ @apollo/gateway',
      measured: (sharedCalls.newOperationMs ?? Number.NaN) / (peerFigures.newOperationMs ?? Number.NaN),
      atMost: 1,
    },
  ];
  const { text, kept } = verdict(targets);
  console.log(`${table(rows, floorFigures)}\n\n${text}`);
  return kept;
}

console.log(
  `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${PINNING ? 'gateway on a core of its own' : 'not pinned'}, ${load.connections} connections, ${ROUNDS} rounds of ${load.seconds} s`,
);
let kept = true;
for (const setUp of [setUpFilms]) {
  await using course = await setUp();
  kept = (await run(course)) && kept;
}
process.exitCode = kept ? 0 : 1;
