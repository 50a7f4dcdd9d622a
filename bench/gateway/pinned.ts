import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** What is measured has a core of its own, everything else the other. */
export type Place = 'measured' | 'rest';

const CORES: Readonly<Record<Place, string>> = { rest: '0', measured: '1' };

export const PINNING = canPin();

/** Moves this process, and so all it starts from now on, out of the way of what is measured. */
export function stepAside(): void {
  if (PINNING) execFileSync('taskset', ['-a', '-cp', CORES.rest, String(process.pid)], { stdio: 'ignore' });
}

/** A Node process, pinned to its place where the machine can do that. Killed with `stop`. */
export function startPinned(
  place: Place,
  args: readonly string[],
  env: Record<string, string>,
  stdio: SpawnOptions['stdio'],
): ChildProcess {
  const command = [process.execPath, ...args];
  const [program = '', ...rest] = PINNING ? ['taskset', '-c', CORES[place], ...command] : command;
  return spawn(program, rest, { env: { PATH: process.env['PATH'], ...env }, stdio });
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(late);
}

function canPin(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['-c', '0,1', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
