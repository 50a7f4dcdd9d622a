import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDataFolder } from './data-folder.ts';
import { ROOT } from '#system/settings.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-folder-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a data folder is made with all that leads there, and nothing is left in it', async () => {
  const deep = path.join(folder, 'a/b/c');
  await Promise.all([openDataFolder(deep), openDataFolder(deep)]);
  await openDataFolder(deep);
  expect(await readdir(deep)).toEqual([]);
});

test.skipIf(process.getuid?.() === 0)('one that may not be written in is refused', async () => {
  await chmod(folder, 0o500);
  await expect(openDataFolder(path.join(folder, 'd'))).rejects.toThrow(/cannot hold the data \(EACCES\)/);
  await chmod(folder, 0o700);
});

test('one that is a file, is beneath one, or is nowhere that anything can be made, is refused in one line', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  const nowhere =
    process.platform === 'linux' ? ['/proc', '/proc/x', '/proc/x/y/z', '/proc/self/fd', '/sys/x'] : [];
  for (const name of [file, path.join(file, 'x/y'), path.join(folder, 'n'.repeat(300)), ...nowhere])
    await expect(openDataFolder(name)).rejects.toThrow(
      new RegExp(
        `^${name} cannot hold the data \\(E\\w+\\)\\. Name another folder: DATA_FOLDER=… npm start$`,
      ),
    );
});

test('one on a full disk is refused, and told so', async ({ skip }) => {
  const script = `import('./system/start/data-folder.ts').then((it) => it.openDataFolder(process.argv[1])).catch((error) => console.log(error.message))`;
  const small = `mount -t tmpfs -o size=256k tmpfs "$1" && exec "$2" -e "$3" "$1/data"`;
  const run = promisify(execFile);
  const args = ['-rm', 'sh', '-c', small, 'sh', folder, process.execPath, script];
  const { stdout } = await run('unshare', args, { cwd: ROOT }).catch(() =>
    skip('no file system of a size can be made here'),
  );
  expect(stdout.trim()).toBe(
    `${folder}/data cannot hold the data (ENOSPC). Make room there, or name another folder: DATA_FOLDER=… npm start`,
  );
});
