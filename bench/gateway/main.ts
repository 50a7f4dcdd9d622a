import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Course, type Role, ROLES } from './course.ts';
import { setUpFilms } from './films/set-up-films.ts';
import { type Figures, type Load, type Running, startContender } from './measure.ts';
import { PINNING, stepAside } from './pinned.ts';
import { table, verdict } from './report.ts';
import { setUpStorefront } from './storefront/set-up-storefront.ts';

/**
 * `npm run bench:gateway -- [--seconds 9] [--connections 50] [--only films|storefront]`
 *
 * What the gateway costs beside the least that Node can do for the same work (the floor) and beside @apollo/gateway,
 * once on stub subgraphs and once on our own with PostgreSQL behind them. All in one run and in turns: figures drift
 * with the machine, ratios much less. Ends with 1 when a promised ratio is missed. `--seconds` is for each contender.
 */
const COURSES = { films: setUpFilms, storefront: setUpStorefront };
const ROUNDS = 3;
/** Of each contender. */
const NEW_OPERATIONS = 41;
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '9' },
    connections: { type: 'string', default: '50' },
    only: { type: 'string', default: Object.keys(COURSES).join() },
  },
});
const chosen = values.only.split(',');
const unknown = chosen.filter((name) => !(name in COURSES));
if (unknown.length > 0) throw new Error(`--only takes ${Object.keys(COURSES).join()}, not ${unknown.join()}`);
const load: Load = {
  seconds: Math.ceil(Number(values.seconds) / ROUNDS),
  connections: Number(values.connections),
};
const say = (text: string) => process.stderr.write(`  ${text}\n`);

async function run({ workload, expected, contenders, promises }: Course): Promise<boolean> {
  console.log(`\n${workload.name}`);
  await using stack = new AsyncDisposableStack();
  const running: Running[] = [];
  for (const role of ROLES) {
    say(`warming up: ${contenders[role].name}`);
    running.push(stack.use(await startContender(contenders[role], workload, expected, load)));
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`round ${round} of ${ROUNDS}`);
    for (const contender of running) await contender.press(load);
  }
  // Last: everybody is warm, and what they leave in caches and compiled code weighs on no round.
  say('new operations');
  for (let n = 0; n < NEW_OPERATIONS; n += 1) {
    // Each has numbers of its own: what one has asked, the subgraphs would answer the next one faster.
    for (const [i, contender] of running.entries()) await contender.timeNewOperation(n * running.length + i);
  }
  const rows = running.map((contender) => contender.figures());
  const figures = Object.fromEntries(ROLES.map((role, i) => [role, rows[i]])) as Record<Role, Figures>;
  const { text, kept } = verdict(promises(figures));
  console.log(`${table(rows, figures.floor)}\n\n${text}`);
  return kept;
}

stepAside();
console.log(
  `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${PINNING ? 'gateway on a core of its own' : 'not pinned'}, ${load.connections} connections, ${ROUNDS} rounds of ${load.seconds} s`,
);
let kept = true;
for (const [name, setUp] of Object.entries(COURSES)) {
  if (!chosen.includes(name)) continue;
  await using course = await setUp();
  kept = (await run(course)) && kept;
}
process.exitCode = kept ? 0 : 1;
