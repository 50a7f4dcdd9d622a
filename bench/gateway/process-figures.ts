import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const ON_LINUX = existsSync('/proc/self/stat');
const CLOCK_TICKS_PER_SECOND = 100;
const KB_PER_MB = 1024;

/** Processor time of a process so far, all its threads, user and system, in ms. */
export function cpuMs(pid: number): number {
  if (ON_LINUX) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND;
  }
  // [[dd-]hh:]mm:ss.cc
  const parts = ps(pid, 'cputime').split(/[-:]/).map(Number).reverse();
  const [seconds = 0, minutes = 0, hours = 0, days = 0] = parts;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}

/** The most memory a process ever held, in MB; where that is not recorded, what it holds now. */
export function peakMb(pid: number): number {
  const kb = ON_LINUX
    ? Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    : Number(ps(pid, 'rss'));
  return kb / KB_PER_MB;
}

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
}
