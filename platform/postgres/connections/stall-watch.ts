import type { ClientConfig } from 'pg';
import { PooledClient } from './pooled-client.ts';

/** A statement that has been sent and not answered. */
export interface Outstanding {
  readonly client: PooledClient;
  /** As performance.now() tells. */
  readonly since: number;
  /** How often in a row the server has said that it is not at work on it. */
  strikes: number;
}

export interface StallWatch extends Disposable {
  begin(client: PooledClient): Outstanding;
  end(statement: Outstanding): void;
}

export interface StallWatchOptions {
  readonly connection: ClientConfig;
  /** However busy the server says it is: nothing waits longer. */
  readonly limitMs: number;
  onStalled(statement: Outstanding, reason: string): void;
}

const LOOK_EVERY_MS = 250;
const PATIENCE_MS = 500;
const STRIKES = 2;
/** How long a look may take. */
const LOOK_MS = 1_000;
/** How long looks may fail until the server counts as gone. */
const GONE_AFTER_MS = 2_000;

/**
 * Tells a statement that takes its time from one that went astray, in about a second: where an answer is overdue, the server
 * is asked over another connection whether it is at work on it. What is not, was lost on its way there or back (a machine
 * that vanished, a proxy that swallows packets), and would be waited for until TCP gives up, a quarter of an hour.
 */
export function createStallWatch({ connection, limitMs, onStalled }: StallWatchOptions): StallWatch {
  const outstanding = new Set<Outstanding>();
  let side: PooledClient | null = null;
  let looking = false;
  let failingSince: number | null = null;

  async function look(): Promise<void> {
    const begun = performance.now();
    const overdue = [...outstanding].filter(({ since }) => begun - since > PATIENCE_MS);
    const late = overdue.filter(({ since }) => begun - since > limitMs);
    const given = stalled(late, `no answer within ${limitMs} ms`);
    if (overdue.length === 0) return letGo();
    try {
      const busy = await askForBusy(overdue.flatMap(({ client }) => client.pid ?? []));
      failingSince = null;
      for (const statement of overdue) {
        statement.strikes = busy.has(statement.client.pid) ? 0 : statement.strikes + 1;
      }
      const astray = overdue.filter(({ strikes }) => strikes >= STRIKES);
      await end([...given, ...stalled(astray, 'the server is not at work on it')]);
    } catch {
      letGo();
      failingSince ??= begun;
      if (performance.now() - failingSince < GONE_AFTER_MS) return;
      stalled(overdue, 'the server does not answer at all');
    }
  }

  /** Gives up those that have not been answered meanwhile. Returns the processes that worked for them. */
  function stalled(statements: readonly Outstanding[], reason: string): number[] {
    const unanswered = statements.filter((statement) => outstanding.delete(statement));
    for (const statement of unanswered) onStalled(statement, reason);
    return unanswered.flatMap(({ client }) => client.pid ?? []);
  }

  /** What their transactions have locked must not stay locked until the server notices. */
  async function end(pids: readonly number[]): Promise<void> {
    if (pids.length === 0) return;
    await side?.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where pid = any($1) and state <> 'active'`,
      [pids],
    );
  }

  /** Which of these processes are at work on a statement. */
  async function askForBusy(pids: readonly number[]): Promise<ReadonlySet<number | null>> {
    if (side === null) {
      side = new PooledClient({ ...connection, query_timeout: LOOK_MS });
      await side.connect();
    }
    const { rows } = await side.query<{ pid: number }>(
      `select pid from pg_stat_activity where pid = any($1) and state = 'active'`,
      [pids],
    );
    return new Set(rows.map(({ pid }) => pid));
  }

  function letGo(): void {
    side?.cut();
    side = null;
  }

  const timer = setInterval(() => {
    if (looking || (outstanding.size === 0 && side === null)) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, LOOK_EVERY_MS);
  timer.unref();

  return {
    begin(client) {
      const statement = { client, since: performance.now(), strikes: 0 };
      outstanding.add(statement);
      return statement;
    },
    end: (statement) => void outstanding.delete(statement),
    [Symbol.dispose]() {
      clearInterval(timer);
      letGo();
    },
  };
}
