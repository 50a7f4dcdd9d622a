import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError, Pool, type QueryConfig, type QueryResult, type QueryResultRow } from 'pg';
import { DatabaseUnavailableError, type FailureKind, failureKind } from '#platform/postgres/failures.ts';
import { PooledClient, STATEMENT_TIMEOUT_MS } from './pooled-client.ts';
import { createStallWatch } from './stall-watch.ts';

export interface PoolOptions {
  readonly url: string;
  readonly applicationName: string;
  /** Connections at most. */
  readonly size: number;
  readonly statementTimeoutMs?: number | undefined;
  readonly waitMs?: number | undefined;
  /** Told of every statement before it is sent. */
  readonly onStatement?: ((text: string) => void) | undefined;
}

type Statement = string | QueryConfig<unknown[]>;

/** A connection while it is somebody's own. Statements run one after another, in the order they were asked for. */
export interface Lease {
  query<Row extends QueryResultRow>(statement: Statement, values?: unknown[]): Promise<QueryResult<Row>>;
  /** Why the connection is dead; null while it is not. From then on every statement is refused. */
  readonly lost: Error | null;
  readonly pid: number | null;
  /**
   * Gives it back; one that is dead, or still in a transaction, is ended instead. From here on every statement is refused:
   * it would run in somebody else's transaction.
   */
  release(): void;
}

export interface ConnectionPool {
  /** @throws {DatabaseUnavailableError} when there is none, or none becomes free in time. */
  lease(): Promise<Lease>;
  /** One statement, committed by itself. A connection that is lost before a read is answered delays it and no more. */
  query<Row extends QueryResultRow>(statement: Statement, values?: unknown[]): Promise<QueryResult<Row>>;
  /** Tries again, for a while, what fails because the database is away; `mayRepeat` is asked whether nothing of it stands. */
  insist<Result>(attempt: () => Promise<Result>, mayRepeat: (error: unknown) => boolean): Promise<Result>;
  /** Gives no connection out any more that is open now: its server is not the right one. */
  distrust(): void;
  /** When a write last found no room, as performance.now() tells; null where none did, or there is room again. */
  fullSince: number | null;
  /** Waits for what is under way, at most so long, and cuts the rest off. May be called again, with less patience. */
  close(graceMs: number): Promise<void>;
}

/** How long somebody waits for a connection while all are taken. */
const WAIT_MS = 5_000;
const IDLE_MS = 60_000;
/** So that one follows when a name comes to mean another server. */
const LIFETIME_S = 15 * 60;
/** How much longer than the server lets a statement run its answer is waited for. */
const ANSWER_LATE_MS = 2_000;
const INSIST_MS = 1_000;
const INSIST_FIRST_MS = 20;
const REPEATS = 8;
/** After the server refused another connection, how long those that there are do the work before one more is tried. */
const REFUSED_MS = 500;
/** After one of these the server closes the connection. */
const LAST_WORDS = /^(?:08|28|57P0[1-5]|25P0[34])/;
const READ = /^\s*select\b/i;

/** Connections that are shared out. Who gets one may trust it: what was connected before something went astray is not given out again. */
export function createPool(options: PoolOptions): ConnectionPool {
  const { url, applicationName, size } = options;
  const { statementTimeoutMs = STATEMENT_TIMEOUT_MS, waitMs = WAIT_MS } = options;
  const pool = new Pool({
    Client: PooledClient,
    connectionString: url,
    application_name: applicationName,
    max: size,
    statement_timeout: statementTimeoutMs,
    connectionTimeoutMillis: waitMs,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_S,
  });
  pool.on('error', () => {}); // an idle connection died; the pool has let go of it
  const clients = new Set<PooledClient>();
  pool.on('connect', (client) => client instanceof PooledClient && clients.add(client));
  pool.on('remove', (client) => client instanceof PooledClient && clients.delete(client));
  let suspectedAt = Number.NEGATIVE_INFINITY;
  let awaySince: number | null = null;
  /** Why, told to those who wait for a connection meanwhile. */
  let awayError: DatabaseUnavailableError | null = null;
  let refused: NodeJS.Timeout | null = null;
  let ended: Promise<void> | null = null;
  const watch = createStallWatch({
    connection: { connectionString: url, application_name: `${applicationName} watch` },
    limitMs: statementTimeoutMs + ANSWER_LATE_MS,
    onStalled({ client }, reason) {
      suspectedAt = performance.now();
      client.giveUp(new Error(`no answer to a statement: ${reason}`));
      client.cut();
    },
  });

  async function connect(): Promise<PooledClient & { release(destroy?: boolean): void }> {
    for (const begun = performance.now(); ; ) {
      try {
        const client = await pool.connect();
        awaySince = awayError = null;
        if (!(client instanceof PooledClient)) throw new TypeError('The pool has a client of another kind.');
        return client;
      } catch (error) {
        // pg-pool says so, and not with a code, when all are taken.
        if (error instanceof Error && error.message.startsWith('timeout exceeded'))
          throw awayError === null
            ? new DatabaseUnavailableError('busy', `No connection became free within ${waitMs} ms.`, error)
            : new DatabaseUnavailableError(awayError.kind, awayError.message, awayError.cause);
        if (isTurnedAway(error) && clients.size > 0 && performance.now() - begun < waitMs) {
          makeDo();
          continue;
        }
        awaySince ??= performance.now();
        throw (awayError = new DatabaseUnavailableError(
          failureKind(error) ?? 'away',
          `${describeServer(url)} cannot be used: ${reasonOf(error)}`,
          error,
        ));
      }
    }
  }

  /** For a while the connections that there are count as all that there can be, so that one waits for them. */
  function makeDo(): void {
    pool.options.max = Math.max(1, clients.size);
    refused ??= setTimeout(() => {
      refused = null;
      pool.options.max = size;
    }, REFUSED_MS).unref();
  }

  async function lease(): Promise<Lease> {
    for (;;) {
      const client = await connect();
      if (client.bornAt >= suspectedAt && client.lost === null) return leaseOf(client);
      client.cut();
      client.release(true);
    }
  }

  function leaseOf(client: PooledClient & { release(destroy?: boolean): void }): Lease {
    let released = false;
    let last: Promise<unknown> = Promise.resolve();

    async function run<Row extends QueryResultRow>(statement: Statement, values?: unknown[]) {
      if (released) throw new Error('This transaction is over; a statement of it came too late.');
      if (client.lost !== null) throw connectionLost(client.lost);
      options.onStatement?.(typeof statement === 'string' ? statement : statement.text);
      const outstanding = watch.begin(client);
      try {
        return await client.query<Row>(statement, values);
      } catch (error) {
        if (error instanceof DatabaseError) {
          if (LAST_WORDS.test(error.code ?? '')) client.giveUp(error);
          // A standby that was the primary before: the name may lead to the new one by now.
          const kind = failureKind(error);
          if (kind === 'read-only') suspectedAt = performance.now();
          if (kind === 'full') shared.fullSince = performance.now();
          throw error;
        }
        throw client.lost === null ? error : connectionLost(client.lost);
      } finally {
        watch.end(outstanding);
      }
    }

    return {
      query<Row extends QueryResultRow>(statement: Statement, values?: unknown[]) {
        const send = () => run<Row>(statement, values);
        const result = last.then(send, send);
        last = result;
        return result;
      },
      get lost() {
        return client.lost;
      },
      get pid() {
        return client.pid;
      },
      release() {
        if (released) return;
        released = true;
        const clean = client.lost === null && (client.transactionStatus ?? 'I') === 'I';
        if (!clean) client.cut();
        client.release(!clean);
      },
    };
  }

  async function insist<Result>(
    attempt: () => Promise<Result>,
    mayRepeat: (error: unknown) => boolean,
  ): Promise<Result> {
    let failedAt: number | null = null;
    for (let repeats = 0; ; repeats++) {
      try {
        return await attempt();
      } catch (error) {
        failedAt ??= performance.now();
        const pauseMs = INSIST_FIRST_MS * 2 ** repeats;
        const givesUpAt = (awaySince ?? failedAt) + INSIST_MS;
        if (!mayRepeat(error) || repeats >= REPEATS || performance.now() + pauseMs > givesUpAt) throw error;
        await delay(pauseMs * (0.5 + Math.random()));
      }
    }
  }

  const shared: ConnectionPool = {
    fullSince: null,
    distrust() {
      suspectedAt = performance.now();
    },
    lease,
    insist,
    async query<Row extends QueryResultRow>(statement: Statement, values?: unknown[]) {
      const isRead = READ.test(typeof statement === 'string' ? statement : statement.text);
      let sent = false;
      return insist(
        async () => {
          sent = false;
          const leased = await lease();
          try {
            sent = true;
            return await leased.query<Row>(statement, values);
          } finally {
            leased.release();
          }
        },
        (error) => (isRead || !sent || isRefused(failureKind(error))) && isWorthRepeating(error),
      );
    },
    async close(graceMs) {
      const timer = setTimeout(() => clients.forEach((client) => client.cut()), graceMs);
      await (ended ??= pool.end());
      clearTimeout(timer);
      if (refused !== null) clearTimeout(refused);
      watch[Symbol.dispose]();
    },
  };
  return shared;
}

/** `The database orders at 127.0.0.1:5432`, and nothing secret. */
function describeServer(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `The database ${pathname.slice(1)} at ${host}`;
  } catch {
    return 'The database';
  }
}

/** Whether the server lives and does not want this connection (it has too many, the password is another): it keeps those it has. */
function isTurnedAway(error: unknown): boolean {
  const kind = failureKind(error);
  return error instanceof DatabaseError && (kind === 'busy' || kind === 'misconfigured');
}

/** Where a host has several addresses and none answers, what each said: the error itself says nothing. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** Whether nothing of it stands, and another attempt may do better at once. */
export function isWorthRepeating(error: unknown): boolean {
  const kind = failureKind(error);
  return kind === 'away' || isRefused(kind);
}

/** Whether the server has said that it did nothing of it: after a deadlock, or on a standby, which is not asked again. */
function isRefused(kind: FailureKind | null): boolean {
  return kind === 'conflict' || kind === 'read-only';
}

function connectionLost(cause: Error): DatabaseUnavailableError {
  return new DatabaseUnavailableError(
    failureKind(cause) ?? 'away',
    `The connection to the database was lost: ${cause.message}.`,
    cause,
  );
}
