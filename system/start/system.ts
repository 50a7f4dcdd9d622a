import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DataFolderInUseError, lockDataFolder } from '#system/postgres/lock.ts';
import type { DatabaseName } from '#system/databases.ts';
import type { SubgraphName } from '#system/supergraph.ts';
import { openDataFolder } from './data-folder.ts';
import { type Databases, provideDatabases } from './server-databases.ts';
import { noteEndpoint } from './endpoint.ts';
import { choosePorts, type Ports, USUAL_PORTS } from '#system/ports/service-ports.ts';
import { provideSecrets, type Secrets } from './secrets.ts';
import { type Service, type ServiceEvent, startService } from './service.ts';
import { gatewayCommand, type ServiceCommand, subgraphCommand } from './service-command.ts';
import { originOf, ROOT, SettingsError } from '#system/settings.ts';
import { provideSupergraph } from './supergraph-file.ts';

export type ServiceName = SubgraphName | 'gateway';

/** A running Ordergraph. Disposing stops the gateway, then the subgraphs, then PostgreSQL. */
export interface System extends AsyncDisposable {
  /** `http://127.0.0.1:4000`, as this machine reaches it: `/graphql`, `/explorer` and `/health` are below it. */
  readonly origin: string;
  readonly ports: Ports;
  readonly secrets: Secrets;
  readonly services: Readonly<Record<ServiceName, Service>>;
  readonly databaseUrls: Readonly<Record<DatabaseName, string>>;
}

export interface SystemOptions {
  /** Made where it is missing. One system at a time works on it. */
  readonly dataFolder: string;
  /** 0 takes free ports for everything. */
  readonly gatewayPort: number;
  readonly gatewayHost: string;
  /** Databases that are on servers of their own; the rest go to an embedded one. */
  readonly databaseUrls?: Partial<Record<DatabaseName, string>>;
  /** What every service gets of the environment. */
  readonly env: NodeJS.ProcessEnv;
  /** Where the services keep compiled modules between runs; in the data folder without it. */
  readonly compileCache?: string;
  /** False for tests. */
  readonly durable?: boolean;
  readonly onEvent: (event: SystemEvent) => void;
  /** Gives up starting, and disposes of what was started. */
  readonly signal?: AbortSignal;
}

export type SystemEvent =
  | ServiceEvent
  | { readonly kind: 'step begun'; readonly step: string }
  | { readonly kind: 'step done'; readonly step: string; readonly note: string; readonly ms: number }
  | { readonly kind: 'note'; readonly text: string };

const SUBGRAPH_NAMES = Object.keys(USUAL_PORTS) as SubgraphName[];

/**
 * Starts everything, as far as possible at the same time: composing needs no database, the gateway no subgraph.
 * @throws {SettingsError} {@link ServiceFailedError}
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { onEvent, env } = options;
  await using opening = new AsyncDisposableStack();
  const giveUp = new AbortController();
  const signal = options.signal ? AbortSignal.any([giveUp.signal, options.signal]) : giveUp.signal;
  const note = (text: string) => onEvent({ kind: 'note', text });

  const { dataFolder } = options;
  await openDataFolder(dataFolder);
  const lock = opening.use(await lockSystem(dataFolder));
  const secrets = await provideSecrets(dataFolder);
  const ports = await choosePorts(
    { host: options.gatewayHost, port: options.gatewayPort },
    lock.tookOver,
    signal,
  );
  const files = {
    supergraph: path.join(dataFolder, 'supergraph.graphql'),
    logs: path.join(dataFolder, 'logs'),
  };
  await mkdir(files.logs, { recursive: true, mode: 0o700 });
  const urlOf = (name: SubgraphName) => `http://127.0.0.1:${ports[name]}/graphql`;

  let provided: Databases | undefined;
  const services = new Map<ServiceName, Service>();
  // The last registered is the first to end: the gateway, then the subgraphs, then PostgreSQL.
  opening.defer(() => provided?.[Symbol.asyncDispose]());
  opening.defer(() => disposeAll(SUBGRAPH_NAMES.map((name) => services.get(name))));
  opening.defer(() => disposeAll([services.get('gateway')]));
  const parts = {
    env,
    ports,
    gatewayHost: options.gatewayHost,
    secrets,
    compileCache: options.compileCache ?? path.join(dataFolder, 'compile-cache'),
  };

  const databases = step('PostgreSQL', async () => {
    provided = await provideDatabases({
      given: options.databaseUrls ?? {},
      dataFolder: path.join(dataFolder, 'postgres'),
      durable: options.durable ?? true,
      onProgress: note,
      signal,
    });
    return {
      result: provided,
      note: provided.embeddedPort === null ? 'servers of your own' : `on port ${provided.embeddedPort}`,
    };
  });
  const prepared = (name: DatabaseName) =>
    databases.then(async ({ prepare }) => {
      const used = await prepare(name, secrets.accounts);
      if (used && name === 'users' && secrets.fresh) {
        note(
          `The log-ins of this database were made earlier, and their passwords went with ${secrets.file}: remove ${dataFolder} to begin anew.`,
        );
      }
    });

  async function startGateway() {
    await step('supergraph', async () => {
      const composed = await provideSupergraph(files.supergraph, urlsOf(urlOf));
      return { result: undefined, note: composed ? 'composed' : 'as it was' };
    });
    await step('gateway', () => run('gateway', gatewayCommand(files.supergraph, parts)));
  }

  async function startSubgraph(name: SubgraphName, bus: Promise<void>) {
    await Promise.all([prepared(name), bus]);
    const { urls } = await databases;
    await step(name, () => run(name, subgraphCommand(name, urls, parts)));
  }

  async function run(name: ServiceName, command: ServiceCommand) {
    signal.throwIfAborted();
    const logFile = path.join(files.logs, `${name}.log`);
    const service = startService({ name, ...command, folder: ROOT, logFile, onEvent });
    services.set(name, service);
    await Promise.race([service.ready, rejected(signal)]);
    return { result: undefined, note: `on port ${ports[name]}` };
  }

  async function step<T>(name: string, work: () => Promise<{ result: T; note: string }>): Promise<T> {
    const begun = performance.now();
    onEvent({ kind: 'step begun', step: name });
    const { result, note: text } = await work();
    onEvent({ kind: 'step done', step: name, note: text, ms: Math.round(performance.now() - begun) });
    return result;
  }

  const bus = prepared('bus');
  await allOrNone(
    [databases, bus, startGateway(), ...SUBGRAPH_NAMES.map((name) => startSubgraph(name, bus))],
    giveUp,
  );
  const origin = originOf(options.gatewayHost, ports.gateway);
  await noteEndpoint(dataFolder, origin);
  const opened = opening.move();
  return {
    origin,
    ports,
    secrets,
    services: Object.fromEntries(services) as Record<ServiceName, Service>,
    databaseUrls: (await databases).urls,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function lockSystem(dataFolder: string) {
  try {
    return await lockDataFolder(dataFolder, path.join(dataFolder, 'lock'));
  } catch (error) {
    if (!(error instanceof DataFolderInUseError)) throw error;
    throw new SettingsError(
      `npm start is already running on ${dataFolder} (process ${error.pid}). Stop that one, or give this one a DATA_FOLDER and a PORT of its own.`,
      { cause: error },
    );
  }
}

/** When one fails the others are told to give up, and are waited for: nothing goes on behind the caller's back. */
async function allOrNone(work: readonly Promise<unknown>[], giveUp: AbortController): Promise<void> {
  try {
    await Promise.all(work);
  } catch (error) {
    giveUp.abort(error);
    await Promise.allSettled(work);
    throw error;
  }
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function disposeAll(services: readonly (Service | undefined)[]): Promise<void> {
  await Promise.all(services.map(async (service) => service?.[Symbol.asyncDispose]()));
}

function urlsOf(urlOf: (name: SubgraphName) => string): Record<SubgraphName, string> {
  return Object.fromEntries(SUBGRAPH_NAMES.map((name) => [name, urlOf(name)])) as Record<
    SubgraphName,
    string
  >;
}
