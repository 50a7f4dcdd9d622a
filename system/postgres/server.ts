import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '#system/ports/free-port.ts';
import { type Cluster, failureOf, serverEnvironment } from './cluster.ts';
import { commandLine, isRunning } from './processes.ts';

export const HOST = '127.0.0.1';
const MAX_CONNECTIONS = 300;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 10;
const PORT_ATTEMPTS = 5;
const RESTART_PAUSE_MS = 500;
/** Lines of the server's log that an error quotes. */
const LOG_LINES = 15;

/** What is committed still survives the server's being killed, though not the machine's. */
const NOT_DURABLE = [
  'fsync=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'autovacuum=off',
  'io_method=sync',
  'shared_buffers=64MB',
];

interface ServerOptions {
  readonly durable: boolean;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal | undefined;
}

/** Keeps a server up on one port until disposed. */
export async function superviseServer(
  cluster: Cluster,
  { durable, onProgress, signal }: ServerOptions,
): Promise<AsyncDisposable & { port: number }> {
  let stopping = false;
  let restarting: Promise<void> = Promise.resolve();
  let { server, port } = await startOnFreePort(cluster, durable, signal);
  server.once('exit', restart);

  function restart(code: number | null, killedBy: NodeJS.Signals | null) {
    if (stopping) return;
    onProgress(`PostgreSQL ended (${killedBy ?? `exit code ${code}`}): starting it again`);
    restarting = keepTrying();
  }

  async function keepTrying() {
    while (!stopping) {
      try {
        await endForeignServer(cluster, onProgress);
        server = await startServer(cluster, port, durable, undefined);
        server.once('exit', restart);
        return onProgress('PostgreSQL is up again');
      } catch (error) {
        onProgress(`PostgreSQL did not come up: ${error instanceof Error ? error.message : String(error)}`);
        await delay(RESTART_PAUSE_MS);
      }
    }
  }

  return {
    port,
    async [Symbol.asyncDispose]() {
      stopping = true;
      await restarting;
      await stopServer(server, durable);
    },
  };
}

async function startOnFreePort(cluster: Cluster, durable: boolean, signal: AbortSignal | undefined) {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    try {
      return { port, server: await startServer(cluster, port, durable, signal) };
    } catch (error) {
      // Between our asking and the server's binding, another process may have been given the port.
      const taken = error instanceof Error && error.message.includes('could not bind');
      if (!taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Resolves once the server takes connections. */
async function startServer(
  cluster: Cluster,
  port: number,
  durable: boolean,
  signal: AbortSignal | undefined,
): Promise<ChildProcess> {
  signal?.throwIfAborted();
  const settings = [
    `port=${port}`,
    `listen_addresses=${HOST}`,
    'unix_socket_directories=',
    `max_connections=${MAX_CONNECTIONS}`,
    'log_checkpoints=off',
    ...(durable ? [] : NOT_DURABLE),
  ];
  // To a file: a pipe would break when we are killed, and the server outlives us then.
  await using log = await open(cluster.logFile, 'w', 0o600);
  const server = spawn(
    cluster.binaries.postgres,
    ['-D', cluster.folder, ...settings.flatMap((setting) => ['-c', setting])],
    {
      ...cluster.account,
      cwd: '/',
      // A group of its own: Ctrl-C in the terminal must reach the services first, and the server last.
      detached: true,
      env: serverEnvironment(),
      stdio: ['ignore', log.fd, log.fd],
    },
  );
  guard(server, cluster);
  const failed = Promise.withResolvers<never>();
  server.on('error', failed.reject);
  const endedEarly = () => failed.reject(new Error('it ended'));
  server.once('exit', endedEarly);
  const ready = new AbortController();
  try {
    await Promise.race([
      failed.promise,
      untilReady(cluster.folder, server, AbortSignal.any([ready.signal, ...(signal ? [signal] : [])])),
    ]);
  } catch (cause) {
    await stopServer(server, durable);
    signal?.throwIfAborted();
    const said = await readEnd(cluster.logFile);
    throw failureOf(`PostgreSQL did not start; its log ${cluster.logFile} ends:`, said, cause);
  } finally {
    ready.abort();
    server.off('exit', endedEarly);
  }
  return server;
}

const guards = new WeakMap<ChildProcess, ChildProcess>();

/**
 * Ends the server should we be killed: a shell that reads from us until either of us is gone. On Windows the next start
 * has to do it.
 */
function guard(server: ChildProcess, { account }: Cluster): void {
  if (server.pid === undefined || process.platform === 'win32') return;
  const script = 'read line || kill -INT "$1"';
  const shell = spawn('/bin/sh', ['-c', script, 'postgres-guard', String(server.pid)], {
    ...account,
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => {}); // no shell, no guard
  shell.stdin.on('error', () => {});
  shell.unref();
  guards.set(server, shell);
  server.once('exit', () => shell.stdin.end('ended\n'));
}

/** The server writes into its lock file when it is ready, which is how pg_ctl knows, too. */
async function untilReady(folder: string, server: ChildProcess, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  for (;;) {
    const lock = await readServerLock(folder);
    if (lock?.pid === server.pid && lock?.status === 'ready') return;
    if (limit.aborted) throw new Error(`not ready within ${START_LIMIT_MS} ms`);
    await delay(LOOK_EVERY_MS, undefined, { signal });
  }
}

async function stopServer(server: ChildProcess, durable: boolean): Promise<void> {
  // SIGINT disconnects clients and writes everything down; SIGQUIT leaves that to the next start.
  server.kill(durable ? 'SIGINT' : 'SIGQUIT');
  const impatience = setTimeout(() => server.kill('SIGQUIT'), STOP_LIMIT_MS);
  await ended(server);
  clearTimeout(impatience);
  const shell = guards.get(server);
  shell?.ref();
  if (shell !== undefined) await ended(shell);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await once(child, 'exit');
}

/**
 * Ends a server that a killed start left running on this cluster, and removes a lock file that nobody stands behind:
 * PostgreSQL refuses to start where the id in it has since been given to any other process.
 */
export async function endForeignServer(
  { folder }: Cluster,
  onProgress: (text: string) => void,
): Promise<void> {
  const lock = await readServerLock(folder);
  if (lock === null) return;
  const command = await commandLine(lock.pid);
  if (command?.includes(folder)) {
    onProgress(`stopping the PostgreSQL that an earlier start left running (process ${lock.pid})`);
    process.kill(lock.pid, 'SIGINT');
    const limit = AbortSignal.timeout(STOP_LIMIT_MS);
    while (isRunning(lock.pid) && (await commandLine(lock.pid)) !== null) {
      if (limit.aborted)
        throw new Error(
          `PostgreSQL (process ${lock.pid}) still runs on ${folder} and does not stop: end it first.`,
        );
      await delay(LOOK_EVERY_MS);
    }
  } else if (command === null && isRunning(lock.pid) && process.platform === 'win32') {
    return; // cannot be told; PostgreSQL judges for itself
  }
  const left = await readServerLock(folder);
  if (left?.pid === lock.pid) await rm(path.join(folder, 'postmaster.pid'), { force: true });
}

/** `postmaster.pid`: process id first, status eighth. */
async function readServerLock(folder: string): Promise<{ pid: number; status: string } | null> {
  const text = await readFile(path.join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number.parseInt(lines[0] ?? '', 10);
  return Number.isInteger(pid) && pid > 0 ? { pid, status: lines[7]?.trim() ?? '' } : null;
}

async function readEnd(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim().split('\n').slice(-LOG_LINES).join('\n');
}
