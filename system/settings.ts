import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { databaseUrl } from '#platform/process/service-settings.ts';
import { DATABASES, type DatabaseName } from './databases.ts';

/**
 * The settings of `npm start` and of `npm run demo`; an empty variable counts as not set.
 *
 * | variable                                                      | default            | meaning                                              |
 * |---------------------------------------------------------------|--------------------|------------------------------------------------------|
 * | `PORT`                                                        | 4000               | of the gateway; 0 takes a free one                   |
 * | `HOST`                                                        | 127.0.0.1          | the gateway listens there; the subgraphs never leave loopback |
 * | `DATA_FOLDER`                                                 | .data              | database, log-ins, logs: everything that is kept; a relative one is beside package.json |
 * | `USERS_`, `INVENTORY_`, `PAYMENTS_`, `ORDERS_DATABASE_URL`    | embedded           | a PostgreSQL of your own for that service            |
 * | `BUS_DATABASE_URL`                                            | embedded, or else the database of orders | where the event bus keeps its messages |
 *
 * Every other variable reaches the services as it is: `LOG_LEVEL`, `SHARE_REQUESTS`, `PAYMENT_DEADLINE_MS` and so on.
 */
export interface Settings {
  readonly gatewayPort: number;
  /** An IP address or `localhost`. */
  readonly gatewayHost: string;
  readonly dataFolder: string;
  readonly databaseUrls: Partial<Record<DatabaseName, string>>;
  /** For every service. */
  readonly env: NodeJS.ProcessEnv;
}

/** A setting is unusable; the message says which and how to mend it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DEFAULT_GATEWAY_PORT = 4000;
const DEFAULT_GATEWAY_HOST = '127.0.0.1';
const DOT_ENV = path.join(ROOT, '.env');
/** Set for each service apart: none gets what is another's. */
const NOT_PASSED_ON = ['PORT', 'HOST', 'GATEWAY_SECRET', 'USERS_SIGNING_KEY', 'USERS_JWKS_URL', 'SUPERGRAPH'];

/**
 * The settings of this process: its environment, and what `.env` sets beside it.
 * @throws {SettingsError}
 */
export function loadSettings(): Settings {
  if (existsSync(DOT_ENV)) {
    try {
      process.loadEnvFile(DOT_ENV);
    } catch (cause) {
      throw new SettingsError(`${DOT_ENV} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }
  return readSettings(process.env);
}

/** @throws {SettingsError} */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  if (env['NODE_ENV']?.trim().toLowerCase() === 'production') {
    throw new SettingsError(
      'npm start runs a development system, with secrets and log-ins it makes itself. For production see docker-compose.yml.',
    );
  }
  const databaseUrls: Partial<Record<DatabaseName, string>> = {};
  for (const { name, variable } of DATABASES) {
    const url = env[variable];
    if (url === undefined || url === '') continue;
    const { success, error } = databaseUrl.safeParse(url);
    if (!success) throw new SettingsError(`${variable} ${error.issues[0]?.message}.`);
    databaseUrls[name] = url;
  }
  const set = Object.entries(env).filter(
    ([name, value]) => value !== '' && !NOT_PASSED_ON.includes(name) && !name.endsWith('_DATABASE_URL'),
  );
  return {
    gatewayPort: readPort(env['PORT']),
    gatewayHost: readHost(env['HOST']),
    dataFolder: readDataFolder(env['DATA_FOLDER'] || '.data'),
    databaseUrls,
    env: Object.fromEntries(set),
  };
}

/** Where this machine reaches a server that listens there. */
export function originOf(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIP(reached) === 6 ? `[${reached}]` : reached}:${port}`;
}

function readHost(text: string | undefined): string {
  if (text === undefined || text === '') return DEFAULT_GATEWAY_HOST;
  if (text !== 'localhost' && isIP(text) === 0)
    throw new SettingsError(
      `HOST must be an IP address of this machine, 0.0.0.0 for all of them, or localhost, not "${text}".`,
    );
  return text;
}

/** A relative one is beside this program, wherever it is started from. */
function readDataFolder(text: string): string {
  if (/^~(?:\/|$)/.test(text))
    throw new SettingsError(`DATA_FOLDER=${text}: nobody reads ~ here. Write the home folder out.`);
  const folder = path.resolve(ROOT, text);
  // Whoever begins anew removes the data folder.
  const within = path.relative(folder, ROOT);
  if (!within.startsWith('..') && !path.isAbsolute(within))
    throw new SettingsError(`DATA_FOLDER=${text} holds this program. Name a folder of its own for the data.`);
  return folder;
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_GATEWAY_PORT;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new SettingsError(`PORT must be a number from 0 to 65535, not "${text}".`);
  return port;
}
