import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { isRunning } from '#system/postgres/processes.ts';
import { type ServiceEvent, startService } from './service.ts';

const READY = `process.send({ type: 'ready' }); setInterval(() => {}, 1000);`;

async function start(program: string) {
  const folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-service-'));
  const logFile = path.join(folder, 'log');
  const events: ServiceEvent[] = [];
  const service = startService({
    name: 'sample',
    args: ['-e', program],
    folder,
    env: { PATH: process.env['PATH'] },
    logFile,
    onEvent: (event) => void events.push(event),
  });
  onTestFinished(async () => {
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  return { service, events, logFile };
}

test('a process that ends is started again, and both are said', async () => {
  const { service, events } = await start(READY);
  await service.ready;
  const { pid } = service;
  const again = service.restarted();
  service.kill('SIGKILL');
  await again;
  expect(service.pid).not.toBe(pid);
  expect(events).toMatchObject([
    { kind: 'ended', service: 'sample', how: 'SIGKILL', againInMs: 100 },
    { kind: 'up again', service: 'sample' },
  ]);
});

test('one that is killed on purpose is back soon each time, one that keeps ending by itself later and later', async () => {
  const pauses = (events: readonly ServiceEvent[]) =>
    events.flatMap((event) => (event.kind === 'ended' ? [event.againInMs] : []));
  const { service, events } = await start(READY);
  await service.ready;
  for (let round = 0; round < 3; round += 1) {
    const again = service.restarted();
    service.kill('SIGKILL');
    await again;
  }
  expect(pauses(events)).toEqual([100, 100, 100]);

  const crashing = await start(`process.send({ type: 'ready' }, () => process.exit(1));`);
  await expect.poll(() => pauses(crashing.events).slice(0, 3), { timeout: 10_000 }).toEqual([100, 200, 400]);
});

test('one that ends before it was ever ready has failed: its last words are in the error, and it is left at that', async () => {
  const { service, events } = await start(`console.error('PORT is missing'); process.exit(3);`);
  await expect(service.ready).rejects.toThrow(/sample did not start \(exit code 3\).*\n {2}PORT is missing/);
  expect(events).toEqual([]);
});

test('warnings in its log are passed on, the rest is in the log file', async () => {
  const line = (level: number, msg: string) =>
    `console.log(JSON.stringify({ level: ${level}, msg: '${msg}' }));`;
  const { service, events, logFile } = await start(line(30, 'all is well') + line(40, 'careful') + READY);
  await service.ready;
  await service[Symbol.asyncDispose]();
  expect(events).toEqual([{ kind: 'warning', service: 'sample', text: 'careful' }]);
  expect(await readFile(logFile, 'utf8')).toContain('all is well');
});

test('disposing ends it with SIGTERM, for good', async () => {
  const { service, events, logFile } = await start(
    `process.on('SIGTERM', () => { console.log('in good order'); process.exit(0); }); ${READY}`,
  );
  await service.ready;
  const pid = service.pid as number;
  await service[Symbol.asyncDispose]();
  expect(isRunning(pid)).toBe(false);
  expect(events).toEqual([]);
  expect(await readFile(logFile, 'utf8')).toBe('in good order\n');
});
