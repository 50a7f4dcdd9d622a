import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below what systems give to outgoing connections (Linux 32768, others 49152): none of those can take it meanwhile. */
const FIRST = 20_000;
const LAST = 32_000;
const ATTEMPTS = 200;

/** The system's code for why nobody can listen there, such as `EADDRINUSE`; null where one can. */
export function whyNotListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}

/** True where nobody listens on the port of that address, and one may. */
export async function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await whyNotListen(port, host)) === null;
}

/**
 * A port that nobody listens on, to be handed to another process. Drawn at random, for between this and that process's
 * binding nothing keeps a second caller from drawing, too.
 * @param taken ports that are spoken for.
 */
export async function findFreePort(
  taken: ReadonlySet<number> = new Set(),
  host = '127.0.0.1',
): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(FIRST, LAST);
    if (!taken.has(port) && (await isFree(port, host))) return port;
  }
  throw new Error(`No port between ${FIRST} and ${LAST} is free on ${host}.`);
}
