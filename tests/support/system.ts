import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeDataFolder } from '#system/postgres/embedded-postgres.ts';
import { provideSecrets } from '#system/start/secrets.ts';
import { ROOT } from '#system/settings.ts';
import {
  type ServiceName,
  startSystem,
  type System,
  type SystemEvent,
  type SystemOptions,
} from '#system/start/system.ts';

/** The whole system as processes of its own, on free ports and a throw-away data folder. */
export interface TestSystem extends System {
  /** Of the gateway: `http://127.0.0.1:…/graphql`. */
  readonly url: string;
  /** Everything that was said since the start. */
  readonly events: readonly SystemEvent[];
  /** One of the seeded log-ins: `ada`, `grace`, `staff` or `admin`. */
  account(name: string): { email: string; password: string };
  /** Ends a service's process. Resolves when it is gone and another is up in its place. */
  restart(service: ServiceName, signal?: NodeJS.Signals): Promise<void>;
  /** Ends a service's process and does not wait. */
  kill(service: ServiceName, signal?: NodeJS.Signals): void;
  /** Ends PostgreSQL's main process, which is then started again. */
  killPostgres(): Promise<void>;
}

export interface TestSystemOptions {
  /** For every service, such as `PAYMENT_SIMULATOR_SLOW_MS`. */
  readonly env?: Readonly<Record<string, string>>;
  /** True where what is measured includes writing to disk. */
  readonly durable?: boolean;
  /** Databases of the caller's own, reached as it likes. */
  readonly databaseUrls?: SystemOptions['databaseUrls'];
  /** In place of a development secret, which a gateway in production would refuse. */
  readonly gatewaySecret?: string;
}

/** Kept between runs: compiling the same modules again would take most of a start. */
const COMPILE_CACHE = path.join(ROOT, 'node_modules/.cache/ordergraph');

/** A folder that PostgreSQL's account may enter, too. The caller removes it, by {@link removeTemporaryFolder}. */
export async function makeTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ordergraph-system-'));
  await chmod(folder, 0o755);
  return folder;
}

export async function removeTemporaryFolder(folder: string): Promise<void> {
  await removeDataFolder(path.join(folder, 'postgres'));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** The environment of a system under test: ours, without what makes us a test run. */
export function systemEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot'];
  const own = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  return { ...own, NODE_ENV: 'development', LOG_LEVEL: 'info', ...extra };
}

export async function startTestSystem({
  env,
  durable = false,
  gatewaySecret,
  databaseUrls,
}: TestSystemOptions = {}): Promise<TestSystem> {
  await using starting = new AsyncDisposableStack();
  const dataFolder = await makeTemporaryFolder();
  starting.defer(() => removeTemporaryFolder(dataFolder));
  if (gatewaySecret !== undefined) {
    const secrets = await provideSecrets(dataFolder);
    await writeFile(secrets.file, JSON.stringify({ ...secrets, gatewaySecret }));
  }
  const events: SystemEvent[] = [];
  const system = starting.use(
    await startSystem({
      dataFolder,
      gatewayPort: 0,
      gatewayHost: '127.0.0.1',
      env: systemEnvironment(env),
      compileCache: COMPILE_CACHE,
      ...(databaseUrls !== undefined && { databaseUrls }),
      durable,
      onEvent: (event) => void events.push(event),
    }),
  );
  const running = starting.move();
  return {
    ...system,
    url: `${system.origin}/graphql`,
    events,
    account(name) {
      const found = system.secrets.accounts.find(({ email }) => email === `${name}@example.com`);
      if (found === undefined) throw new Error(`there is no seeded log-in ${name}`);
      return { email: found.email, password: found.password };
    },
    kill: (service, signal = 'SIGKILL') => system.services[service].kill(signal),
    async restart(service, signal = 'SIGKILL') {
      const restarted = system.services[service].restarted();
      system.services[service].kill(signal);
      await restarted;
    },
    async killPostgres() {
      const lock = await readFile(path.join(dataFolder, 'postgres/cluster/postmaster.pid'), 'utf8');
      process.kill(Number.parseInt(lock, 10), 'SIGKILL');
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
