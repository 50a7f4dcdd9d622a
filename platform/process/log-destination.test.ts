import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, write as writeTo } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '#tests/support/until.ts';
import { logDestination } from './log-destination.ts';

type Written = (error: NodeJS.ErrnoException | null, written: number) => void;

const FULL = '/dev/full';

function openForTest(file: string): number {
  const fd = openSync(file, 'w');
  onTestFinished(() => closeSync(fd));
  return fd;
}

test('lines that find no room wait, and are written whole and in order when there is room again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-log-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'log');
  const fd = openForTest(file);
  let room = true;
  let refusals = 0;
  // A disk that fills up in the middle of a line, as they do.
  const write = (to: number, bytes: Buffer, done: Written) => {
    if (room) return writeTo(to, bytes, done);
    if (refusals++ === 0) return writeTo(to, bytes.subarray(0, 3), done);
    setImmediate(done, Object.assign(new Error('full'), { code: 'ENOSPC' }), 0);
  };
  const log = pino({ base: null, timestamp: false }, logDestination(fd, write));
  log.info('first');
  await until(async () => (await readFile(file, 'utf8')).includes('first'), 'the first line');
  room = false;
  log.info('second');
  log.info('third');
  await until(() => refusals > 1, 'a second try');
  room = true;
  await until(async () => (await readFile(file, 'utf8')).includes('third'), 'the third line');
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['first', 'second', 'third']);
});

test('what waits while nobody reads is bounded', () => {
  const destination = logDestination(1, () => {});
  const line = 'x'.repeat(1024 * 1024);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 10_000; i++) destination.write(line);
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024);
});

test.skipIf(!existsSync(FULL))(
  'a process whose log finds no room works on, and ends when it is to',
  async () => {
    const logger = new URL('./logger.ts', import.meta.url).href;
    const work = `const log = (await import('${logger}')).createLogger('full'); log.info('first'); log.info('second');`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', work], {
      stdio: ['ignore', openForTest(FULL), 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(10_000) });
    expect(code).toBe(0);
  },
);
