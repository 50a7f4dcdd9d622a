import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { findFreePort } from '#system/ports/free-port.ts';
import { isRunning } from '#system/postgres/processes.ts';
import { MeDocument } from '#tests/documents/documents.generated.ts';
import { createApiClient } from '#tests/support/api-client.ts';
import { makeTemporaryFolder, removeTemporaryFolder, systemEnvironment } from '#tests/support/system.ts';
import { readSecrets } from '#system/start/secrets.ts';
import { ROOT } from '#system/settings.ts';

/** One data folder that goes through all of it, as a developer's would. */
let dataFolder: string;
let port: number;
beforeAll(async () => {
  dataFolder = await makeTemporaryFolder();
  port = await findFreePort();
});
afterAll(() => removeTemporaryFolder(dataFolder));

const READY = 'Ordergraph is ready';
const PATIENCE_MS = 60_000;

interface Start {
  readonly child: ChildProcess;
  /** What it said so far, on both streams. */
  said(): string;
  /** Resolves when it has said that; rejects when it ends before. */
  untilSaid(text: string): Promise<void>;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** `npm start` without npm, as the leader of a process group, which is what a terminal sends its Ctrl-C to. */
function start(env: Readonly<Record<string, string>> = {}): Start {
  const child = spawn(process.execPath, ['scripts/start.ts'], {
    cwd: ROOT,
    detached: true,
    env: systemEnvironment({ DATA_FOLDER: dataFolder, PORT: String(port), ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const told = new EventTarget();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      told.dispatchEvent(new Event('said'));
    });
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    ended,
    said: () => text,
    untilSaid: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => text.includes(wanted) && resolve();
        told.addEventListener('said', look);
        setTimeout(
          () => reject(new Error(`not said within ${PATIENCE_MS} ms: ${wanted}\n${text}`)),
          PATIENCE_MS,
        ).unref();
        void ended.then(() => reject(new Error(`ended without saying: ${wanted}\n${text}`)));
        look();
      }),
  };
}

function pressCtrlC({ child }: Start) {
  process.kill(-(child.pid as number), 'SIGINT');
}

/** The process and all below it, with their ids. */
async function processesOf({ child }: Start): Promise<number[]> {
  const all = await listProcesses();
  const below = (pid: number): number[] => [
    pid,
    ...all.filter(({ parent }) => parent === pid).flatMap(({ pid: id }) => below(id)),
  ];
  return below(child.pid as number);
}

async function listProcesses(): Promise<{ pid: number; parent: number }[]> {
  if (process.platform === 'linux') {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
    return stats.map((text) => ({
      pid: Number.parseInt(text, 10),
      parent: Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]),
    }));
  }
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout.split('\n').map((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return { pid: pid ?? 0, parent: parent ?? 0 };
  });
}

async function untilGone(pids: readonly number[]) {
  const limit = AbortSignal.timeout(20_000);
  while (pids.some(isRunning)) {
    if (limit.aborted) throw new Error(`still running: ${pids.filter(isRunning).join(', ')}`);
    await delay(20);
  }
}

async function whoAmI() {
  const { accounts } = await readSecrets(dataFolder);
  await using client = createApiClient(`http://127.0.0.1:${port}/graphql`);
  const { email, password } = accounts.find((account) => account.email === 'ada@example.com') ?? {};
  await client.logIn({ email: email ?? '', password: password ?? '' });
  return (await client.ask(MeDocument, {})).me;
}

test('the first start makes everything, tells how to get in, and Ctrl-C leaves no process behind', async () => {
  const first = start();
  await first.untilSaid('Ctrl-C');
  expect(first.said()).toContain(READY);
  const { accounts, file } = await readSecrets(dataFolder);
  for (const { email, password } of accounts)
    expect(first.said()).toMatch(new RegExp(`${email} .*${password}`));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await whoAmI()).toMatchObject({ email: 'ada@example.com', roles: ['CUSTOMER'] });
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);

  const processes = await processesOf(first);
  expect(processes.length).toBeGreaterThan(6);
  pressCtrlC(first);
  expect(await first.ended).toEqual({ code: 0, signal: null });
  expect(processes.filter(isRunning)).toEqual([]);
  expect(await readFile(path.join(dataFolder, 'logs/orders.log'), 'utf8')).toContain('stopping');
});

test('the next start finds the data as it was, shows no password, and will not have a second beside it', async () => {
  const second = start();
  await second.untilSaid('Ctrl-C');
  const { accounts } = await readSecrets(dataFolder);
  for (const { password } of accounts) expect(second.said()).not.toContain(password);
  const id = (await whoAmI())?.id;

  const third = start({ PORT: '0' });
  expect((await third.ended).code).toBe(1);
  expect(third.said()).toContain(
    `npm start is already running on ${dataFolder} (process ${second.child.pid})`,
  );

  const processes = await processesOf(second);
  second.child.kill('SIGKILL'); // not even a chance to tidy up
  await second.ended;
  await untilGone(processes);

  const fourth = start();
  await fourth.untilSaid('Ctrl-C');
  expect((await whoAmI())?.id).toBe(id);
  fourth.child.kill('SIGTERM');
  expect(await fourth.ended).toEqual({ code: 0, signal: null });
});

test('the demo finds a system by the settings that started it, whatever port it chose and wherever it listens', async () => {
  const settings = { PORT: '0', HOST: '0.0.0.0' };
  const running = start(settings);
  await running.untilSaid('Ctrl-C');
  const demo = promisify(execFile)(process.execPath, ['scripts/demo.ts'], {
    cwd: ROOT,
    env: systemEnvironment({ DATA_FOLDER: dataFolder, ...settings }),
  });
  expect((await demo).stdout).toContain('Everything happened as promised.');
  running.child.kill('SIGTERM');
  await running.ended;
});

test('a gateway port that is taken is named, with the way out', async () => {
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const refused = start();
  expect((await refused.ended).code).toBe(1);
  expect(refused.said()).toContain(`Port ${port} is taken`);
  expect(refused.said()).toContain('PORT=');
  await new Promise((resolve) => other.close(resolve));
});

test.each([
  [{ DATA_FOLDER: path.join(ROOT, 'package.json') }, /package\.json cannot hold the data \(EEXIST\)/],
  [{ DATA_FOLDER: '/proc/x' }, /\/proc\/x cannot hold the data \(\w+\).*DATA_FOLDER=/],
  [{ HOST: '203.0.113.7' }, /HOST=203\.0\.113\.7 is no address of this machine/],
  [{ PORT: 'http' }, /PORT must be a number/],
])('%j is refused in one line that says what to do', async (env, line) => {
  const refused = start(env);
  expect((await refused.ended).code).toBe(1);
  const said = refused.said().trim().split('\n');
  expect(said.at(-1)).toMatch(line);
  expect(said.join('\n')).not.toMatch(/^ +at /m);
});

test('a service that cannot start is shown with what it said, and nothing goes on running', async () => {
  const failing = start({ PAYMENT_DEADLINE_MS: 'soon' });
  expect((await failing.ended).code).toBe(1);
  expect(failing.said()).toContain('payments did not start (exit code 1)');
  expect(failing.said()).toContain('PAYMENT_DEADLINE_MS');
  expect(failing.said()).not.toContain(READY);
});

test('Ctrl-C while it starts stops it, too', async () => {
  const interrupted = start();
  await interrupted.untilSaid('… orders');
  const processes = await processesOf(interrupted);
  pressCtrlC(interrupted);
  expect(await interrupted.ended).toEqual({ code: 0, signal: null });
  expect(processes.filter(isRunning)).toEqual([]);
});

test('a pipe whose reader has gone stops it in good order, too', async () => {
  const piped = start();
  await piped.untilSaid('… orders');
  const processes = await processesOf(piped);
  piped.child.stdout?.destroy();
  expect(await piped.ended).toEqual({ code: 0, signal: null });
  expect(processes.filter(isRunning)).toEqual([]);
  expect(piped.said()).not.toContain('EPIPE');
});
