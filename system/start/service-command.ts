import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatabaseName } from '#system/databases.ts';
import type { SubgraphName } from '#system/supergraph.ts';
import type { Ports } from '#system/ports/service-ports.ts';
import type { Secrets } from './secrets.ts';

/** How a service's process is run: arguments of Node and the whole environment. */
export interface ServiceCommand {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface CommandParts {
  /** What every service gets. */
  readonly env: NodeJS.ProcessEnv;
  readonly ports: Ports;
  readonly gatewayHost: string;
  readonly secrets: Secrets;
  readonly compileCache: string;
}

const QUICK_IMPORTS = new URL('../drizzle-as-commonjs.ts', import.meta.url).href;

/** What somebody who opens the explorer can try, the log-in first. */
const EXPLORER_EXAMPLES = fileURLToPath(new URL('../explorer/examples.graphql', import.meta.url));

export function gatewayCommand(supergraphFile: string, parts: CommandParts): ServiceCommand {
  return {
    args: ['gateway/main.ts', '--supergraph', supergraphFile, '--port', String(parts.ports.gateway)],
    env: { EXPLORER_EXAMPLES, ...commonEnvironment('gateway', parts), HOST: parts.gatewayHost },
  };
}

/** Each service is given its own database and no other, and only users the key that signs tokens. */
export function subgraphCommand(
  name: SubgraphName,
  databaseUrls: Readonly<Record<DatabaseName, string>>,
  parts: CommandParts,
): ServiceCommand {
  const { ports, secrets } = parts;
  return {
    args: ['--import', QUICK_IMPORTS, `subgraphs/${name}/main.ts`],
    env: {
      ...commonEnvironment(name, parts),
      PORT: String(ports[name]),
      [`${name.toUpperCase()}_DATABASE_URL`]: databaseUrls[name],
      USERS_JWKS_URL: `http://127.0.0.1:${ports.users}/.well-known/jwks.json`,
      BUS_DATABASE_URL: databaseUrls.bus,
      ...(name === 'users' && { USERS_SIGNING_KEY: JSON.stringify(secrets.signingKey) }),
    },
  };
}

function commonEnvironment(name: string, { env, secrets, compileCache }: CommandParts): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'development',
    ...env,
    // One each: written all at once when they end, a shared one had them wait for one another for ten seconds.
    NODE_COMPILE_CACHE: path.join(compileCache, name),
    HOST: '127.0.0.1',
    GATEWAY_SECRET: secrets.gatewaySecret,
  };
}
