import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What is measured has a core of its own where the system can do that; everything else shares the first. */
const MEASURED_CORE = 1;
const OTHER_CORE = 0;
const CLOCK_TICKS_PER_SECOND = 100;
const US_PER_SECOND = 1e6;
const POLL_MS = 50;

const canPin = spawnSync('taskset', ['-c', String(MEASURED_CORE), 'true']).status === 0;

/** A helper process that takes tasks and answers each, one at a time. */
export interface Helper extends AsyncDisposable {
  ask<Answer>(task: unknown): Promise<Answer>;
  readonly process: ChildProcess;
}

export function startHelper(file: string): Helper {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { stdio: 'inherit' });
  if (canPin) spawnSync('taskset', ['-a', '-cp', String(OTHER_CORE), String(child.pid)]);
  return {
    process: child,
    async ask<Answer>(task: unknown) {
      const asked = new AbortController();
      const { signal } = asked;
      const answer = once(child, 'message', { signal });
      const ended = once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`${file} ended with ${code}`);
      });
      child.send(task as object);
      try {
        const [message] = await Promise.race([answer, ended]);
        return message as Answer;
      } finally {
        asked.abort();
        await Promise.allSettled([answer, ended]);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** The process that is measured. */
export interface Measured extends AsyncDisposable {
  readonly url: string;
  cpuUs(): number;
  residentKb(): number;
  /** What its heap holds once its garbage is collected, which this does. */
  usedKb(): Promise<number>;
}

/** Starts `node args…` and waits until it takes connections on `PORT`. */
export async function startMeasured(args: string[], env: Record<string, string>): Promise<Measured> {
  const port = await freePort();
  const heapFile = join(tmpdir(), `bench-live-heap-${process.pid}-${port}`);
  const collector = new URL('./collect-garbage.ts', import.meta.url).href;
  const node = [process.execPath, '--expose-gc', '--import', collector, ...args];
  const command = canPin ? ['taskset', '-c', String(MEASURED_CORE), ...node] : node;
  const child = spawn(command[0] ?? '', command.slice(1), {
    env: {
      ...process.env,
      ...env,
      PORT: String(port),
      HEAP_FILE: heapFile,
      NODE_ENV: 'production',
      // On a busy machine clients may be kept waiting for longer than usual, which is not what is measured.
      LIVE_INIT_TIMEOUT_MS: '60000',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}/graphql`;
  await answering(url, child);
  const stat = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return {
    url,
    cpuUs: () => ((Number(stat()[11]) + Number(stat()[12])) / CLOCK_TICKS_PER_SECOND) * US_PER_SECOND,
    residentKb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]),
    async usedKb() {
      rmSync(heapFile, { force: true });
      child.kill('SIGUSR2');
      while (!existsSync(heapFile)) await sleep(POLL_MS);
      return Number(readFileSync(heapFile, 'utf8')) / 1024;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(heapFile, { force: true });
    },
  };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    try {
      const body = JSON.stringify({ query: '{ __typename }' });
      await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      return;
    } catch {
      await sleep(100);
    }
  }
  throw new Error(`the process to measure ended with ${child.exitCode}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
