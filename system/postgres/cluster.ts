import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Account, canReach, isRoot, serverAccount } from './account.ts';
import { type Binaries, completeBinaries, copyBinaries, packagedBinaries } from './binaries.ts';

/**
 * A data folder has, beside each other:
 *   lock         who works on it just now
 *   password     of the superuser, mode 0600
 *   cluster/     PostgreSQL's own folder; it appears by a rename, so it is whole wherever it is there
 *   new-…/       a cluster whose making was cut short, or is under way
 *   server.log   what the server said in its latest run
 *   location     only where the data has to live elsewhere: names that folder
 */
export interface Cluster {
  readonly folder: string;
  readonly logFile: string;
  readonly password: string;
  readonly binaries: Binaries;
  readonly account: Account;
}

export interface ClusterOptions {
  readonly dataFolder: string;
  readonly durable: boolean;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal | undefined;
}

const MAJOR_VERSION = '18';
const PARTIAL_PREFIX = 'new-';
const LOCATION = 'location';
/** Where data goes that root keeps in a folder which nobody else may enter, such as /root. The first that can be made. */
const REACHABLE_FOLDERS = ['/var/lib/ordergraph', path.join(tmpdir(), 'ordergraph')];

/** Finds the cluster of a data folder, makes it where there is none, and clears away what a killed start left half done. */
export async function prepareCluster(options: ClusterOptions): Promise<Cluster> {
  const { onProgress } = options;
  const packaged = packagedBinaries();
  const home = await findHome(options.dataFolder, onProgress);
  const folder = path.join(home, 'cluster');
  const account = await serverAccount(folder);
  await own(home, account);
  const binaries = await usableBinaries(packaged, account, home, onProgress);
  const cluster = { folder, account, binaries, logFile: path.join(home, 'server.log') };

  await clearPartial(home, onProgress);
  const password = await readPassword(home);
  if (await isThere(folder)) {
    await checkWhole(folder, password, home);
    return { ...cluster, password: password as string };
  }
  return {
    ...cluster,
    password: await create(cluster, home, password ?? randomBytes(24).toString('base64url'), options),
  };
}

/** The folder the data really is in: the data folder, unless PostgreSQL's account cannot get there. */
async function findHome(dataFolder: string, onProgress: (text: string) => void): Promise<string> {
  const moved = await relocatedTo(dataFolder);
  if (moved !== null && (await isThere(moved))) return moved;
  if (!isRoot) return dataFolder;

  const account = await serverAccount(path.join(dataFolder, 'cluster'));
  await own(dataFolder, account);
  if (await canReach(account, dataFolder, 'write')) return dataFolder;
  for (const base of REACHABLE_FOLDERS) {
    try {
      const home = path.join(base, randomUUID());
      await mkdir(home, { recursive: true, mode: 0o755 });
      await own(home, account);
      if (!(await canReach(account, home, 'write'))) continue;
      await writeFile(path.join(dataFolder, LOCATION), home);
      onProgress(
        `PostgreSQL may not run as root, and its account cannot enter ${dataFolder}: the data is kept in ${home}`,
      );
      return home;
    } catch {
      // The next one, then.
    }
  }
  throw new Error(
    `PostgreSQL may not run as root, and its account (uid ${account.uid}) can enter neither ${dataFolder} nor any of ${REACHABLE_FOLDERS.join(', ')}.`,
  );
}

/** The folder that has the data of a data folder which PostgreSQL's account cannot enter; null where it is in place. */
export async function relocatedTo(dataFolder: string): Promise<string | null> {
  return readFile(path.join(dataFolder, LOCATION), 'utf8').catch(() => null);
}

async function own(folder: string, { uid, gid }: Account): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  await chown(folder, uid, gid);
}

async function usableBinaries(
  packaged: Binaries,
  account: Account,
  home: string,
  onProgress: (text: string) => void,
): Promise<Binaries> {
  const complete = await completeBinaries(packaged).then(
    () => true,
    () => false, // installed by somebody else, without its install script
  );
  if (complete && (!isRoot || (await canReach(account, path.join(packaged.folder, 'share'), 'enter'))))
    return packaged;
  const copy = path.join(home, 'binaries');
  onProgress(`PostgreSQL's programs cannot be used where npm put them: using a copy in ${copy}`);
  return copyBinaries(packaged, copy);
}

/** Renames come last, so whatever bears the prefix was never finished, let alone used. */
async function clearPartial(home: string, onProgress: (text: string) => void): Promise<void> {
  for (const name of await readdir(home)) {
    if (!name.startsWith(PARTIAL_PREFIX)) continue;
    onProgress('removing a database folder that an earlier start was stopped in the middle of making');
    await rm(path.join(home, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function readPassword(home: string): Promise<string | null> {
  const text = await readFile(path.join(home, 'password'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.trim() || null;
}

async function checkWhole(folder: string, password: string | null, home: string): Promise<void> {
  const version = await readFile(path.join(folder, 'PG_VERSION'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (version instanceof Error && version.code === 'EACCES')
    throw new Error(
      `The data in ${folder} belongs to another user. Run this as that user, or name another data folder.`,
    );
  const remedy = `Put it right or move ${home} away; then a new, empty database is made.`;
  const control = await isThere(path.join(folder, 'global/pg_control'));
  if (version instanceof Error || !control)
    throw new Error(
      `${folder} is not a whole PostgreSQL data folder, and not one this program left so. ${remedy}`,
    );
  if (version.trim() !== MAJOR_VERSION)
    throw new Error(
      `${folder} is of PostgreSQL ${version.trim()}; this program runs ${MAJOR_VERSION}. ${remedy}`,
    );
  if (password === null)
    throw new Error(
      `The password of the database in ${folder} is missing: ${path.join(home, 'password')}. ${remedy}`,
    );
}

async function create(
  cluster: Omit<Cluster, 'password'>,
  home: string,
  password: string,
  { durable, onProgress, signal }: ClusterOptions,
): Promise<string> {
  onProgress('making a new PostgreSQL database folder');
  const { account, binaries } = cluster;
  const passwordFile = path.join(home, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await chmod(passwordFile, 0o600);
  await own(passwordFile, account);
  const partial = path.join(home, `${PARTIAL_PREFIX}${randomUUID()}`);
  await runInitdb(
    binaries.initdb,
    [
      `--pgdata=${partial}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The same order of text on every machine, whatever locales it has.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(durable ? [] : ['--no-sync', '--no-data-checksums']),
    ],
    account,
    signal,
  );
  await rename(partial, cluster.folder);
  return password;
}

function runInitdb(
  program: string,
  args: readonly string[],
  account: Account,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    // A group of its own: a Ctrl-C in the terminal is ours to pass on.
    const initdb = spawn(program, args, {
      ...account,
      cwd: '/',
      detached: true,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const abort = () => initdb.kill('SIGINT'); // initdb then removes what it made
    signal?.addEventListener('abort', abort, { once: true });
    let said = '';
    initdb.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    initdb.on('error', reject);
    initdb.on('close', (code, killedBy) => {
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted) reject(signal.reason);
      else if (code === 0) resolve();
      else reject(failureOf(`PostgreSQL's initdb failed (${killedBy ?? `exit code ${code}`}):`, said.trim()));
    });
  });
}

/** What PostgreSQL ended with, in a line where that is known. @param said the end of its log */
export function failureOf(what: string, said: string, cause?: unknown): Error {
  const known = /No space left on device|Disk quota exceeded/.test(said);
  return new Error(
    known
      ? 'There is no room for the database (some 200 MB). Make room in the data folder, or name another one.'
      : `${what}\n${said}`,
    { cause },
  );
}

/** None of our environment: PGDATA, PGPORT, LD_LIBRARY_PATH and the like would change what the server does. */
export function serverEnvironment(): NodeJS.ProcessEnv {
  // initdb would otherwise try every time zone there is to find the machine's.
  return {
    LC_ALL: 'C',
    TZ: 'UTC',
    ...(process.platform === 'win32' && { SystemRoot: process.env['SystemRoot'] }),
  };
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
