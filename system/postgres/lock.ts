import { randomUUID } from 'node:crypto';
import { constants, copyFile, link, open, readFile, rename, rm } from 'node:fs/promises';
import { processIdentity } from './processes.ts';

interface Holder {
  readonly pid: number;
  readonly identity: string;
  readonly token: string;
}

/** Another process that runs works on the data folder. */
export class DataFolderInUseError extends Error {
  override readonly name = 'DataFolderInUseError';
  readonly pid: number;

  constructor(folder: string, pid: number) {
    super(
      `The data folder ${folder} is in use by another run of this program (process ${pid}). Stop that one first, or name another data folder.`,
    );
    this.pid = pid;
  }
}

export interface FolderLock extends AsyncDisposable {
  /** True where the last holder was killed: what it started may still be about. */
  readonly tookOver: boolean;
}

/**
 * Lets one process at a time of this machine work on a folder. The lock of a process that was killed counts for nothing.
 * @throws {DataFolderInUseError}
 */
export async function lockDataFolder(folder: string, file: string): Promise<FolderLock> {
  const token = randomUUID();
  const me: Holder = { pid: process.pid, identity: (await processIdentity(process.pid)) ?? '', token };
  const mine = `${file}.${token}`;
  await using _ = { [Symbol.asyncDispose]: () => rm(mine, { force: true }) };
  await writeThrough(mine, JSON.stringify(me));

  let tookOver = false;
  // A link appears whole or not at all, so nobody ever reads half a lock.
  while (!(await linked(mine, file))) {
    const holder = await readHolder(file);
    if (holder !== null && (await processIdentity(holder.pid)) === holder.identity)
      throw new DataFolderInUseError(folder, holder.pid);
    await removeStale(file, holder);
    tookOver = true;
  }
  return {
    tookOver,
    async [Symbol.asyncDispose]() {
      if ((await readHolder(file))?.token === token) await rm(file, { force: true });
    },
  };
}

/** Removes the lock that was found stale, and only that: another process may have taken the folder over meanwhile. */
async function removeStale(file: string, stale: Holder | null): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const removed = await readHolder(aside);
  if (removed?.token !== stale?.token) await linked(aside, file);
  await rm(aside, { force: true });
}

async function linked(existing: string, file: string): Promise<boolean> {
  try {
    await link(existing, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') throw error;
      return copyFile(existing, file, constants.COPYFILE_EXCL); // a file system without links
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    const holder: unknown = JSON.parse(await readFile(file, 'utf8'));
    const { pid, identity, token } = holder as Partial<Holder>;
    return typeof pid === 'number' && typeof identity === 'string' && typeof token === 'string'
      ? { pid, identity, token }
      : null;
  } catch {
    return null;
  }
}

async function writeThrough(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o644);
  await handle.writeFile(text);
  await handle.sync();
}
