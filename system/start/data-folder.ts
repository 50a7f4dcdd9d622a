import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SettingsError } from '#system/settings.ts';

/** What is written to see whether there is room: little beside what a system needs, and more than a file system may promise. */
const TRIAL_BYTES = 1024 * 1024;

/**
 * Makes the folder where it is missing, and sees that files can be written in it.
 * @throws {SettingsError} in one line, with the way out.
 */
export async function openDataFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    const trial = path.join(folder, `trial-${randomUUID()}`);
    try {
      await writeFile(trial, Buffer.alloc(TRIAL_BYTES), { flag: 'wx', flush: true });
    } finally {
      await rm(trial, { force: true }).catch(() => {});
    }
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const full = why === 'ENOSPC' || why === 'EDQUOT';
    throw new SettingsError(
      `${folder} cannot hold the data (${why}). ${full ? 'Make room there, or name' : 'Name'} another folder: DATA_FOLDER=… npm start`,
      { cause },
    );
  }
  // Whatever the umask: PostgreSQL may have to pass through under another account. What is secret has a mode of its own.
  await chmod(folder, 0o755).catch(() => {});
}

/** One level at a time: in /proc, where nothing can be made and the answer is ENOENT, Node's recursive mkdir goes round for ever. */
async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const parent = path.dirname(folder);
  if (parent !== folder) await makeFolder(parent);
  try {
    await mkdir(folder);
  } catch (error) {
    // Somebody else may have made it in the meantime.
    if (!(await isFolder(folder))) throw error;
  }
}

async function isFolder(name: string): Promise<boolean> {
  return stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
