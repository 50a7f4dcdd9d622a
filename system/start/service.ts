import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { logDestination } from '#platform/process/log-destination.ts';

/**
 * One process of the system and its life:
 *
 *     starting ──ready──▶ up ──ends──▶ waiting ──▶ starting (again, for as long as it takes)
 *         └──ends before it was ever ready──▶ failed, for good
 *     any ──dispose──▶ stopped
 */
export interface Service extends AsyncDisposable {
  readonly name: string;
  /** Settles once: when the process is ready for the first time, or with {@link ServiceFailedError}. */
  readonly ready: Promise<void>;
  /** Of the process that runs just now. */
  readonly pid: number | undefined;
  /** Sends a signal to the process; if it dies of that, it is started again, and without a growing pause: it was no crash. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process after the present one is ready. Call it before what ends the present one. */
  restarted(): Promise<void>;
  /** Ends the process without grace, and for good. */
  killForGood(): void;
}

export interface ServiceOptions {
  readonly name: string;
  /** The program and its arguments, for the Node that runs us. */
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly onEvent: (event: ServiceEvent) => void;
}

export type ServiceEvent =
  | { readonly kind: 'ended'; readonly service: string; readonly how: string; readonly againInMs: number }
  | { readonly kind: 'up again'; readonly service: string; readonly afterMs: number }
  /** A line of its log that somebody should see. */
  | { readonly kind: 'warning'; readonly service: string; readonly text: string };

/** A process that ended before it was ready. */
export class ServiceFailedError extends Error {
  override readonly name = 'ServiceFailedError';
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A process that was up this long has earned a quick restart. */
const STEADY_MS = 30_000;
/** More than the services give themselves. */
const STOP_LIMIT_MS = 15_000;
const LINES_KEPT = 30;
const WARN_LEVEL = 40;

export function startService({ name, args, folder, env, logFile, onEvent }: ServiceOptions): Service {
  const logFd = openSync(logFile, 'w');
  const log = logDestination(logFd);
  let logEnded: Promise<void> | undefined;
  const lines: string[] = [];
  const first = Promise.withResolvers<void>();
  let next = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  let killed = false;

  async function keepUp() {
    let pauseMs = FIRST_PAUSE_MS;
    let endedAt: number | null = null;
    while (!stopping.signal.aborted) {
      let readyAt: number | null = null;
      const how = await run(() => {
        readyAt = performance.now();
        if (endedAt !== null)
          onEvent({ kind: 'up again', service: name, afterMs: Math.round(readyAt - endedAt) });
        first.resolve();
        next.resolve();
        next = Promise.withResolvers<void>();
      });
      if (stopping.signal.aborted) return;
      if (readyAt === null && endedAt === null) {
        first.reject(
          new ServiceFailedError(
            `${name} did not start (${how}). It said:\n${lines.map((line) => `  ${line}`).join('\n')}`,
          ),
        );
        return;
      }
      endedAt = performance.now();
      const steady = readyAt !== null && endedAt - readyAt > STEADY_MS;
      if (steady || killed) pauseMs = FIRST_PAUSE_MS;
      killed = false;
      onEvent({ kind: 'ended', service: name, how, againInMs: pauseMs });
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  /** Runs the process once; tells how it ended. */
  function run(onReady: () => void): Promise<string> {
    return new Promise((resolve) => {
      // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop the services in their order.
      const started = spawn(process.execPath, args, {
        cwd: folder,
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      child = started;
      const reading = [started.stdout, started.stderr].map((stream) => {
        if (stream === null) throw new Error('the process has no output');
        return createInterface({ input: stream }).on('line', hear);
      });
      started.on('message', (message) => {
        if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready')
          onReady();
      });
      started.on('error', (error) => resolve(error.message));
      started.on('close', (code, signal) => {
        for (const reader of reading) reader.close();
        resolve(signal ?? `exit code ${code}`);
      });
    });
  }

  function hear(line: string) {
    log.write(`${line}\n`);
    lines.push(readable(line));
    if (lines.length > LINES_KEPT) lines.shift();
    const warning = warningOf(line);
    if (warning !== null) onEvent({ kind: 'warning', service: name, text: warning });
  }

  const ended = keepUp();
  first.promise.catch(() => {}); // whoever waits for it hears of it
  return {
    name,
    ready: first.promise,
    get pid() {
      return child?.pid;
    },
    kill(signal) {
      killed = child?.kill(signal) ?? false;
    },
    restarted: () => next.promise,
    killForGood() {
      stopping.abort();
      child?.kill('SIGKILL');
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      child?.kill('SIGTERM');
      const impatience = setTimeout(() => child?.kill('SIGKILL'), STOP_LIMIT_MS);
      await ended;
      clearTimeout(impatience);
      await (logEnded ??= log.end().then(() => closeSync(logFd)));
    },
  };
}

interface LogLine {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: { readonly message?: unknown; readonly stack?: unknown };
  readonly error?: { readonly message?: unknown; readonly stack?: unknown };
}

function parseLine(line: string): LogLine | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return null;
  }
}

/** A JSON log line as a person reads it: the message, and the error behind it. */
function readable(line: string): string {
  const entry = parseLine(line);
  if (entry === null) return line;
  const { stack, message } = entry.err ?? entry.error ?? {};
  return [entry.msg, stack ?? message].filter((part) => typeof part === 'string').join('\n  ') || line;
}

function warningOf(line: string): string | null {
  const entry = parseLine(line);
  if (entry === null || typeof entry.level !== 'number' || entry.level < WARN_LEVEL) return null;
  const { message } = entry.err ?? entry.error ?? {};
  return [entry.msg, message].filter((part) => typeof part === 'string').join(': ') || line;
}
