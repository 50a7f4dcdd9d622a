import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { cloneDatabase } from '#tests/support/database/database.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { until } from '#tests/support/until.ts';
import { DATABASES } from '#system/databases.ts';
import { migrate, NewerDatabaseError } from './migrate.ts';

async function folderWith(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-migrations-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return {
    url: pathToFileURL(`${folder}/`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

const FIRST = { '0001_one.sql': 'create table one ()' };
const SECOND = { ...FIRST, '0002_two.sql': 'create table two ()' };

test('a database goes forward, once, and older code then refuses it without touching it', async () => {
  await using database = await cloneDatabase('bus');
  await using older = await folderWith(FIRST);
  await using newer = await folderWith(SECOND);
  await using aside = await folderWith({ '0001_aside.sql': 'create table aside ()' });
  const set = (folder: URL) => ({ name: 'trial', folder });
  expect(await migrate(database.url, [set(older.url)])).toEqual(['trial/0001_one']);
  expect(await migrate(database.url, [set(newer.url)])).toEqual(['trial/0002_two']);
  expect(await migrate(database.url, [set(newer.url)])).toEqual([]);

  const refused = migrate(database.url, [{ name: 'aside', folder: aside.url }, set(older.url)]);
  await expect(refused).rejects.toThrow(NewerDatabaseError);
  await expect(refused).rejects.toThrow(/does not know trial\/0002_two\. Run the newer code/);
  const [found] = await database.sql`select to_regclass('aside') as aside, to_regclass('two')::text as two`;
  expect(found).toEqual({ aside: null, two: 'two' });
});

test('every database of the system takes its migrations a second time for done', async () => {
  for (const { name, migrations } of DATABASES) {
    await using database = await cloneDatabase(name);
    expect(await migrate(database.url, migrations)).toEqual([]);
  }
});

test('a server that ends a migrator fails that migration, and not the process that ran it', async () => {
  await using database = await cloneDatabase('bus');
  await using slow = await folderWith({ '0001_slow.sql': 'select pg_sleep(30)' });
  const migrating = migrate(database.url, [{ name: 'trial', folder: slow.url }]);
  const failed = rejectionOf(migrating);
  await until(async () => {
    const ended = await database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and state = 'active' and query like '%pg_sleep%' and pid <> pg_backend_pid()`;
    return ended.length === 1;
  }, 'the migration to be under way');
  expect(await failed).toMatchObject({ message: expect.stringContaining('terminating connection') });
});
