import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DATABASES, type DatabaseName } from '../databases.ts';

/**
 * The settings of `npm start`; an empty variable counts as not set.
 *
 * | variable                                                      | default            | meaning                                              |
 * |---------------------------------------------------------------|--------------------|------------------------------------------------------|
 * | `PORT`                                                        | 4000               | of the gateway; 0 takes a free one                   |
 * | `DATA_FOLDER`                                                 | .data              | database, log-ins, logs: everything that is kept     |
 * | `USERS_`, `INVENTORY_`, `PAYMENTS_`, `ORDERS_DATABASE_URL`    | embedded           | a PostgreSQL of your own for that service            |
 * | `BUS_DATABASE_URL`                                            | embedded, or else the database of orders | where the event bus keeps its messages |
 *
 * Every other variable reaches the services as it is: `LOG_LEVEL`, `SHARE_REQUESTS`, `PAYMENT_DEADLINE_MS` and so on.
 */
export interface Settings {
  readonly gatewayPort: number;
  readonly dataFolder: string;
  readonly databaseUrls: Partial<Record<DatabaseName, string>>;
  /** For every service. */
  readonly env: NodeJS.ProcessEnv;
}

/** A setting is unusable; the message says which and how to mend it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DEFAULT_GATEWAY_PORT = 4000;
/** Set for each service apart: none gets what is another's. */
const NOT_PASSED_ON = ['PORT', 'HOST', 'GATEWAY_SECRET', 'USERS_SIGNING_KEY', 'USERS_JWKS_URL', 'SUPERGRAPH'];

/** @throws {SettingsError} */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  if (env['NODE_ENV'] === 'production') {
    throw new SettingsError(
      'npm start runs a development system, with secrets and log-ins it makes itself. For production see docker-compose.yml.',
    );
  }
  const databaseUrls: Partial<Record<DatabaseName, string>> = {};
  for (const { name, variable } of DATABASES) {
    const url = env[variable];
    if (url === undefined || url === '') continue;
    if (!/^postgres(ql)?:\/\/./.test(url)) throw new SettingsError(`${variable} must be a postgres:// URL.`);
    databaseUrls[name] = url;
  }
  const set = Object.entries(env).filter(
    ([name, value]) => value !== '' && !NOT_PASSED_ON.includes(name) && !name.endsWith('_DATABASE_URL'),
  );
  return {
    gatewayPort: readPort(env['PORT']),
    dataFolder: path.resolve(ROOT, env['DATA_FOLDER'] || '.data'),
    databaseUrls,
    env: Object.fromEntries(set),
  };
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_GATEWAY_PORT;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SettingsError(`PORT must be a number from 0 to 65535, not "${text}".`);
  return port;
}
