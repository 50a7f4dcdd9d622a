import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const MAIN = path.resolve(import.meta.dirname, '../../../gateway/main.ts');

export interface GatewayProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  readonly origin: string;
  /** Resolves with what the process ended with. */
  exited(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** All it wrote so far, both streams. */
  output(): string;
}

/** Runs `node gateway/main.ts` to its end. */
export async function runGateway(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const child = spawnGateway(args, env);
  const output = collect(child);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

/** A gateway as a process of its own, with an IPC channel over which it says that it is ready. */
export async function startGatewayProcess(
  supergraphFile: string,
  env: Record<string, string> = {},
): Promise<GatewayProcess> {
  const child = spawnGateway(['--supergraph', supergraphFile, '--port', '0'], env);
  const output = collect(child);
  // Not 'close', which does not come once the channel was disconnected from here.
  const ended = once(child, 'exit');
  const [message] = await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error(`the gateway ended:\n${output()}`))),
  ]);
  const { url } = message as { url: string };
  return {
    child,
    url,
    origin: new URL(url).origin,
    async exited() {
      const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null];
      return { code, signal };
    },
    output,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

function spawnGateway(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  return () => text;
}
