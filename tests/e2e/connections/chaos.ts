import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Random } from '#tests/oracle/random.ts';
import { pauseUnless } from '../kill/shop.ts';
import type { BehindProxy } from './servers.ts';

export interface Harm {
  terminated: number;
  /** Of those, in the middle of a transaction. */
  inTransaction: number;
  cut: number;
  stalled: number;
  restarts: number;
  /** When the server was not there, as performance.now() tells. */
  readonly away: { readonly from: number; until: number }[];
}

const TERMINATE_EVERY_MS = 30;
const CUT_EVERY_MS = 400;
const STALL_EVERY_MS = 900;

/** Ends backends, cuts and stalls connections, until it is over; and twice, spread over that time, the server. */
export async function harm(
  server: BehindProxy,
  randomOf: (who: string) => Random,
  seconds: number,
  over: AbortSignal,
): Promise<Harm> {
  const done: Harm = { terminated: 0, inTransaction: 0, cut: 0, stalled: 0, restarts: 0, away: [] };
  await Promise.all([
    terminate(server, randomOf('terminate'), done, over),
    again(over, randomOf('cut'), CUT_EVERY_MS, (random) => {
      done.cut += server.proxy.cut(1 + random.below(3));
    }),
    again(over, randomOf('stall'), STALL_EVERY_MS, (random) => {
      done.stalled += server.proxy.stall(1 + random.below(3));
    }),
    restart(server, done, seconds, over),
  ]);
  return done;
}

async function again(
  over: AbortSignal,
  random: Random,
  everyMs: number,
  act: (random: Random) => void,
): Promise<void> {
  for (;;) {
    await pauseUnless(over, random.below(2 * everyMs));
    if (over.aborted) return;
    act(random);
  }
}

/** By turns one that is in a transaction and one that is not, wherever there is one. */
async function terminate(server: BehindProxy, random: Random, done: Harm, over: AbortSignal): Promise<void> {
  let client = await connect(server);
  for (let turn = 0; !over.aborted; turn++) {
    try {
      const { rows } = await client.query<{ inside: boolean }>(
        `select xact_start is not null as inside, pg_terminate_backend(pid) from (
           select pid, xact_start from pg_stat_activity
           where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name not like 'the test%'
           order by (backend_xid is not null) = $1 desc, random() limit 1) as chosen`,
        [turn % 2 === 0],
      );
      done.terminated += rows.length;
      done.inTransaction += rows.filter(({ inside }) => inside).length;
    } catch {
      client = await connect(server); // the server is being started again
    }
    await pauseUnless(over, random.below(2 * TERMINATE_EVERY_MS));
  }
  await client.end().catch(() => {});
}

async function restart(server: BehindProxy, done: Harm, seconds: number, over: AbortSignal): Promise<void> {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    await pauseUnless(over, (seconds * 1_000) / 3);
    if (over.aborted) return;
    const period = { from: performance.now(), until: Number.POSITIVE_INFINITY };
    done.away.push(period);
    await server.restart(signal);
    await delay(20);
    const client = await connect(server);
    period.until = performance.now();
    done.restarts++;
    await client.end().catch(() => {});
  }
}

/** Around the proxy. Insists while the server is not there. */
async function connect(server: BehindProxy): Promise<Client> {
  for (;;) {
    const client = new Client({ connectionString: server.direct('bus'), application_name: 'the test' });
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch {
      await delay(10);
    }
  }
}
