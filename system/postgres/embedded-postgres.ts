import { mkdir, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { Client, DatabaseError, escapeIdentifier } from 'pg';
import { prepareCluster, relocatedTo } from './cluster.ts';
import { lockDataFolder } from './lock.ts';
import { endForeignServer, HOST, superviseServer } from './server.ts';

export interface EmbeddedPostgresOptions {
  /** Kept between runs; made where it is missing. One process at a time works on it. */
  readonly dataFolder: string;
  /** False for tests: nothing is forced to disk, so that data survives the server's end but not the machine's. */
  readonly durable?: boolean;
  /** Told, in a line, what is being done or has been put right. */
  readonly onProgress?: (text: string) => void;
  /** Gives up starting: the promise rejects with the signal's reason and nothing stays behind. */
  readonly signal?: AbortSignal;
}

/** A PostgreSQL server that this process started, on loopback. Disposing stops it; the data stays. */
export interface EmbeddedPostgres extends AsyncDisposable {
  readonly port: number;
  /** `postgres://…` for one of its databases. */
  url(database: string): string;
  /** Makes a database; no error where there is one of that name. */
  createDatabase(name: string): Promise<void>;
}

const DUPLICATE_DATABASE = '42P04';

/**
 * Starts PostgreSQL on a data folder and a free port. A server that dies is started again on the same port. What an
 * earlier run that was killed left behind (its lock, its server, a half-made folder) is cleared away.
 * @throws {DataFolderInUseError} while another process that lives has the folder.
 */
export async function startEmbeddedPostgres({
  dataFolder,
  durable = true,
  onProgress = () => {},
  signal,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(dataFolder, { recursive: true, mode: 0o755 });
  const folder = await realpath(dataFolder);
  await using opened = new AsyncDisposableStack();
  opened.use(await lockDataFolder(folder, path.join(folder, 'lock')));
  const cluster = await prepareCluster({ dataFolder: folder, durable, onProgress, signal });
  await endForeignServer(cluster, onProgress);
  const server = opened.use(await superviseServer(cluster, { durable, onProgress, signal }));
  const url = (database: string) =>
    `postgres://postgres:${cluster.password}@${HOST}:${server.port}/${database}`;
  const stop = opened.move();

  return {
    port: server.port,
    url,
    async createDatabase(name) {
      const client = new Client({ connectionString: url('postgres') });
      client.on('error', () => {}); // told to the statement under way as well
      await client.connect();
      try {
        await client.query(`create database ${escapeIdentifier(name)}`);
      } catch (error) {
        if (!(error instanceof DatabaseError && error.code === DUPLICATE_DATABASE)) throw error;
      } finally {
        await client.end();
      }
    },
    [Symbol.asyncDispose]: () => stop.disposeAsync(),
  };
}

/** Removes a data folder that is no longer in use, wherever its data really is. */
export async function removeDataFolder(dataFolder: string): Promise<void> {
  const elsewhere = await relocatedTo(dataFolder);
  for (const folder of [elsewhere, dataFolder]) {
    if (folder !== null) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
