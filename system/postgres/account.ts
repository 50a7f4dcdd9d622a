import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The account PostgreSQL runs as; empty for our own. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root. */
export const isRoot = process.getuid?.() === 0;

/**
 * Finds an account for PostgreSQL where we are root: the owner of the data that is there, else `postgres`, made if need
 * be, else `nobody`.
 */
export async function serverAccount(clusterFolder: string): Promise<Account> {
  if (!isRoot) return {};
  const owner = await stat(clusterFolder).catch(() => null);
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await lookUp('postgres')) ?? (await create('postgres')) ?? (await lookUp('nobody')) ?? refuse();
}

/** True where the account may enter the folder and, if asked, write to it. Asks the system rather than reading modes. */
export async function canReach(
  account: Account,
  folder: string,
  access: 'enter' | 'write',
): Promise<boolean> {
  const test = access === 'write' ? 'cd "$1" && test -w .' : 'cd "$1"';
  if (process.platform === 'win32') return true;
  return run('/bin/sh', ['-c', test, 'sh', folder], { ...account, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

async function lookUp(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    const account = { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    // In a container the account may exist and still not be one we can change to.
    return (await canReach(account, '/', 'enter')) ? account : null;
  } catch {
    return null;
  }
}

async function create(name: string): Promise<Account | null> {
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ]);
    return await lookUp(name);
  } catch {
    return null;
  }
}

function refuse(): never {
  throw new Error(
    'PostgreSQL does not run as root, and there is no account to run it as: create a user named postgres, or run this as an ordinary user.',
  );
}
