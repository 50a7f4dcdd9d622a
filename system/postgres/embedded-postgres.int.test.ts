import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { findFreePort } from '#system/ports/free-port.ts';
import { canReach, isRoot, serverAccount } from './account.ts';
import { completeBinaries, copyBinaries, packagedBinaries } from './binaries.ts';
import { isRunning } from './processes.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';

/** One cluster, made by the first test that needs it and put through everything by those that follow. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-postgres-'));
  await chmod(folder, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const dataFolder = () => path.join(folder, 'data');

async function start(options: { dataFolder?: string; durable?: boolean; signal?: AbortSignal } = {}) {
  const said: string[] = [];
  const server = await startEmbeddedPostgres({
    dataFolder: dataFolder(),
    durable: false,
    onProgress: (text) => void said.push(text),
    ...options,
  });
  return Object.assign(server, { said });
}

async function query(server: EmbeddedPostgres, text: string, database = 'postgres') {
  const sql = postgres(server.url(database), { max: 1, onnotice: () => {}, backoff: () => 0.05 });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function until<T>(what: () => Promise<T | undefined | false>): Promise<T> {
  const limit = AbortSignal.timeout(20_000);
  for (;;) {
    const value = await what();
    if (value !== undefined && value !== false) return value;
    limit.throwIfAborted();
    await delay(10);
  }
}

const serverPid = async () =>
  Number.parseInt(await readFile(path.join(dataFolder(), 'cluster/postmaster.pid'), 'utf8'), 10);

/** Another process that starts the server on the folder, says `up`, and stays. */
function startElsewhere(inFolder: string): ChildProcess {
  const module = new URL('./embedded-postgres.ts', import.meta.url).href;
  const program = `const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const server = await startEmbeddedPostgres({ dataFolder: ${JSON.stringify(inFolder)}, durable: false });
    console.log('up');
    setInterval(() => server.port, 1000);`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function killHard(child: ChildProcess) {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('a start that is killed while it makes the data folder costs the next one nothing but a new beginning', async () => {
  const first = startElsewhere(dataFolder());
  onTestFinished(() => void first.kill('SIGKILL'));
  await until(async () => {
    const inside = await readdir(dataFolder()).catch(() => []);
    const partial = inside.find((name) => name.startsWith('new-'));
    return (
      partial !== undefined && (await readdir(path.join(dataFolder(), partial)).catch(() => [])).length > 3
    );
  });
  await killHard(first);
  await using server = await start();
  expect(server.said.join('\n')).toContain('stopped in the middle of making');
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('data stays, and a database is made once', async () => {
  {
    await using server = await start({ durable: true });
    await server.createDatabase('shop');
    await query(server, 'create table kept (n int); insert into kept values (7)', 'shop');
  }
  await using server = await start({ durable: true });
  await server.createDatabase('shop');
  expect(await query(server, 'select n from kept', 'shop')).toEqual([{ n: 7 }]);
});

test('only this machine gets in, and only with the password', async () => {
  await using server = await start();
  const wrong = new URL(server.url('postgres'));
  wrong.password = 'wrong';
  const sql = postgres(wrong.href, { max: 1 });
  await expect(sql`select 1`).rejects.toMatchObject({ code: '28P01' });
  await sql.end();
  expect(await query(server, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
});

test('a second start on a folder in use is refused, and says who has it', async () => {
  await using server = await start();
  await expect(start()).rejects.toMatchObject({ name: 'DataFolderInUseError', pid: process.pid });
  expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a server does not outlive a starter that is killed', async () => {
  const killed = startElsewhere(dataFolder());
  onTestFinished(() => void killed.kill('SIGKILL'));
  await once(killed.stdout as NodeJS.ReadableStream, 'data');
  const orphan = await serverPid();
  await killHard(killed);
  await until(async () => !isRunning(orphan));

  await using server = await start();
  expect(await query(server, 'select n from kept', 'shop')).toEqual([{ n: 7 }]);
});

test('a server that an earlier start left running all the same is stopped, and its data is taken over', async () => {
  const cluster = path.join(dataFolder(), 'cluster');
  const account = await serverAccount(cluster);
  const inPlace = await canReach(account, packagedBinaries().folder, 'enter');
  const left = spawn(
    inPlace ? packagedBinaries().postgres : path.join(dataFolder(), 'binaries/bin/postgres'),
    ['-D', cluster, '-c', 'unix_socket_directories=', '-c', `port=${await findFreePort()}`],
    {
      ...account,
      cwd: '/',
      stdio: 'ignore',
    },
  );
  const ended = once(left, 'exit');
  await until(async () =>
    (await readFile(path.join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).includes('ready'),
  );

  await using server = await start();
  await ended;
  expect(server.said.join('\n')).toContain(`(process ${left.pid})`);
  expect(await query(server, 'select n from kept', 'shop')).toEqual([{ n: 7 }]);
});

test('a lock file whose process id has since been given to another process is no obstacle', async () => {
  const cluster = path.join(dataFolder(), 'cluster');
  await writeFile(
    path.join(cluster, 'postmaster.pid'),
    `${process.pid}\n${cluster}\n0\n5432\n\n127.0.0.1\n\nready\n`,
  );
  await writeFile(
    path.join(dataFolder(), 'lock'),
    JSON.stringify({ pid: process.pid, identity: 'another', token: 't' }),
  );
  await using server = await start();
  expect(await query(server, 'select n from kept', 'shop')).toEqual([{ n: 7 }]);
});

test('a server that is killed comes up again on the same port', async () => {
  await using server = await start();
  const before = await serverPid();
  process.kill(before, 'SIGKILL');
  const rows = await until(() => query(server, 'select n from kept', 'shop').catch(() => undefined));
  expect(rows).toEqual([{ n: 7 }]);
  expect(await serverPid()).not.toBe(before);
  expect(server.said.join('\n')).toContain('PostgreSQL ended (SIGKILL): starting it again');
});

test('a start that is given up leaves nothing running and no lock', async () => {
  const elsewhere = path.join(folder, 'given-up');
  const giveUp = new AbortController();
  const starting = start({ dataFolder: elsewhere, signal: giveUp.signal });
  await Promise.all([
    expect(starting).rejects.toThrow('enough'),
    until(async () =>
      (await readdir(elsewhere).catch(() => [])).some((name) => name.startsWith('new-')),
    ).then(() => giveUp.abort(new Error('enough'))),
  ]);
  expect(await readdir(elsewhere)).not.toContain('lock');
  expect(await readdir(elsewhere)).not.toContain('cluster');
});

test('a folder that is neither whole nor ours is reported and left alone', async () => {
  const broken = path.join(folder, 'broken');
  await mkdir(path.join(broken, 'cluster/base'), { recursive: true });
  await writeFile(path.join(broken, 'cluster/base/precious'), 'data');
  await expect(start({ dataFolder: broken })).rejects.toThrow(/is not a whole PostgreSQL data folder/);
  expect(await readFile(path.join(broken, 'cluster/base/precious'), 'utf8')).toBe('data');
});

test('the programs work where npm did not run the package’s install script', async () => {
  const packaged = packagedBinaries();
  const bare = path.join(folder, 'package/native');
  await cp(packaged.folder, bare, {
    recursive: true,
    filter: async (source) => !(await lstat(source)).isSymbolicLink(),
  });
  const binaries = {
    folder: bare,
    initdb: path.join(bare, 'bin/initdb'),
    postgres: path.join(bare, 'bin/postgres'),
  };
  await Promise.all([chmod(binaries.postgres, 0o644), chmod(binaries.initdb, 0o644)]);
  const version = () => promisify(execFile)(binaries.postgres, ['--version']);
  await expect(version()).rejects.toThrow(/EACCES/);

  await completeBinaries(binaries);
  expect((await version()).stdout).toContain('(PostgreSQL) 18');
  const copy = await copyBinaries(binaries, path.join(folder, 'copy'));
  expect((await promisify(execFile)(copy.initdb, ['--version'])).stdout).toContain('(PostgreSQL) 18');
});

test.runIf(isRoot)(
  'as root in a folder that nobody else may enter, the data is kept elsewhere and that is said',
  async () => {
    const closed = path.join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const inside = path.join(closed, 'data');
    await (await start({ dataFolder: inside }))[Symbol.asyncDispose]();
    const home = await readFile(path.join(inside, 'location'), 'utf8');
    try {
      expect(await readdir(home)).toContain('cluster');
      const again = await start({ dataFolder: inside });
      await again[Symbol.asyncDispose]();
      expect(again.said.join('\n')).not.toContain('making a new');
      expect(await readFile(path.join(inside, 'location'), 'utf8')).toBe(home);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
);
