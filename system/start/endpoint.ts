import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { originOf, type Settings } from '#system/settings.ts';

const GRAPHQL_PATH = '/graphql';

/** Notes where a system serves, for whoever has its data folder: a port that the system chose stands in no setting. */
export async function noteEndpoint(dataFolder: string, origin: string): Promise<void> {
  await writeFile(fileIn(dataFolder), `${origin}${GRAPHQL_PATH}\n`);
}

/** Where `npm start` serves, or would, with these settings. */
export async function endpointOf({ dataFolder, gatewayHost, gatewayPort }: Settings): Promise<string> {
  if (gatewayPort !== 0) return `${originOf(gatewayHost, gatewayPort)}${GRAPHQL_PATH}`;
  const noted = await readFile(fileIn(dataFolder), 'utf8').catch((cause: unknown) => {
    throw new Error(`PORT is 0, and no system has run in ${dataFolder} yet: npm start first.`, { cause });
  });
  return noted.trim();
}

function fileIn(dataFolder: string): string {
  return path.join(dataFolder, 'endpoint');
}
