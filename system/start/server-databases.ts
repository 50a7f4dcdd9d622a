import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import postgres from 'postgres';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#system/postgres/embedded-postgres.ts';
import { DATABASES, type DatabaseDescription, type DatabaseName } from '#system/databases.ts';
import { seedDatabase } from '#system/seeds.ts';
import type { Account } from './secrets.ts';
import { ROOT, SettingsError } from '#system/settings.ts';

export interface Databases extends AsyncDisposable {
  readonly urls: Readonly<Record<DatabaseName, string>>;
  /** The port of the embedded server; null where every database has a server of its own. */
  readonly embeddedPort: number | null;
  /** Brings one database to where this code needs it: migrated, and with something in it. True if it was in use before. */
  prepare(name: DatabaseName, accounts: readonly Account[]): Promise<boolean>;
}

export interface DatabasesOptions {
  readonly given: Partial<Record<DatabaseName, string>>;
  readonly dataFolder: string;
  /** False for tests. */
  readonly durable: boolean;
  readonly onProgress: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Where a database is not given, an embedded server has it. The bus, alone not given, shares the database of orders. */
export async function provideDatabases({
  given,
  dataFolder,
  ...options
}: DatabasesOptions): Promise<Databases> {
  const missing = DATABASES.filter(({ name }) => given[name] === undefined).map(({ name }) => name);
  const { orders } = given;
  const busAtOrders = missing.length === 1 && missing[0] === 'bus' && orders !== undefined;
  const embedded =
    missing.length === 0 || busAtOrders ? null : await startEmbeddedPostgres({ dataFolder, ...options });
  try {
    if (embedded !== null) await Promise.all(missing.map((name) => embedded.createDatabase(name)));
  } catch (error) {
    await embedded?.[Symbol.asyncDispose]();
    throw error;
  }
  const urlOf = (name: DatabaseName) =>
    given[name] ?? (embedded === null ? (orders as string) : embedded.url(name));
  const urls = Object.fromEntries(DATABASES.map(({ name }) => [name, urlOf(name)])) as Record<
    DatabaseName,
    string
  >;
  return {
    urls,
    embeddedPort: embedded?.port ?? null,
    async prepare(name, accounts) {
      const description = DATABASES.find((database) => database.name === name) as DatabaseDescription;
      const work = () => bringForward(description, urls[name], accounts);
      if (embedded !== null && given[name] === undefined)
        return onceForEachVersion(embedded, description, work);
      await work();
      return false;
    },
    async [Symbol.asyncDispose]() {
      await embedded?.[Symbol.asyncDispose]();
    },
  };
}

async function bringForward(
  { name, migrations }: DatabaseDescription,
  url: string,
  accounts: readonly Account[],
): Promise<void> {
  const { migrate } = await import('#platform/postgres/migrate.ts');
  try {
    await migrate(url, migrations);
    await seedDatabase(name, url, accounts);
  } catch (error) {
    const { explainStartFailure } = await import('#platform/process/start-failure.ts');
    const explained = explainStartFailure(error);
    throw explained === null ? error : new SettingsError(`${name}: ${explained}`, { cause: error });
  }
}

/** What a database was brought to stands in its comment, which spares every later start the looking. */
async function onceForEachVersion(
  server: EmbeddedPostgres,
  description: DatabaseDescription,
  work: () => Promise<void>,
): Promise<boolean> {
  const version = `ordergraph ${await fingerprint(description)}`;
  const sql = postgres(server.url(description.name), { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql<{ comment: string | null }[]>`
      select shobj_description(oid, 'pg_database') as comment from pg_database where datname = current_database()`;
    if (row?.comment !== version) {
      await work();
      await sql.unsafe(`comment on database "${description.name}" is '${version}'`);
    }
    return row?.comment != null;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Of everything that decides what a prepared database holds: its migrations and its seed. */
async function fingerprint({ name, migrations }: DatabaseDescription): Promise<string> {
  const hash = createHash('sha256');
  const seeds = path.join(ROOT, 'subgraphs', name, 'seed');
  for (const { folder } of migrations) {
    for (const file of (await readdir(folder)).toSorted())
      hash.update(file).update(await readFile(new URL(file, folder)));
  }
  for (const file of (await readdir(seeds).catch((): string[] => [])).toSorted()) {
    if (!file.includes('.test.')) hash.update(file).update(await readFile(path.join(seeds, file)));
  }
  return hash.digest('hex');
}
