import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GraphQLFormattedError } from 'graphql';
import { pino } from 'pino';
import { readConfig } from '#gateway/settings.ts';
import { createGateway, type Gateway } from '#gateway/gateway.ts';
import { planInThreads } from '#tests/support/planner-threads.ts';
import { loadSupergraph } from '#gateway/supergraph/load.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: Record<string, unknown>;
}

export interface AskOptions {
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export interface RunningGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly url: string;
  readonly supergraphFile: string;
  /** Everything logged, as pino wrote it. */
  readonly log: readonly Record<string, unknown>[];
  ask(query: string, options?: AskOptions): Promise<Answer>;
  /** Client requests under way, as `GET /health` tells it. */
  inFlight(): Promise<number>;
}

/** A gateway in this process, on a free port, over a supergraph file of its own. Settings as in the environment. */
export async function startGateway(
  sdl: string,
  settings: Record<string, string> = {},
): Promise<RunningGateway> {
  const supergraphFile = await writeSupergraph(sdl);
  const log: Record<string, unknown>[] = [];
  const config = readConfig([], {
    SUPERGRAPH: supergraphFile,
    PORT: '0',
    // The test's own work is on the same event loop, and other files' beside it.
    MAX_EVENT_LOOP_DELAY_MS: '60000',
    ...settings,
  });
  const logger = pino({ level: 'info' }, { write: (line: string) => log.push(JSON.parse(line)) });
  const gateway = createGateway({
    config,
    logger,
    supergraph: await loadSupergraph(supergraphFile),
    createPlanning: planInThreads(config.planning),
  });
  const { url } = await gateway.listen();
  return {
    gateway,
    url,
    supergraphFile,
    log,
    ask: (query, options) => ask(url, query, options),
    async inFlight() {
      const response = await fetch(new URL('/health', url));
      return ((await response.json()) as { inFlight: number }).inFlight;
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await rm(supergraphFile, { force: true });
    },
  };
}

export async function writeSupergraph(sdl: string): Promise<string> {
  const file = path.join(tmpdir(), `supergraph-${randomUUID()}.graphql`);
  await writeFile(file, sdl);
  return file;
}

/** One POST of a GraphQL request. */
export async function ask(url: string, query: string, options: AskOptions = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: JSON.stringify({ query, variables: options.variables }),
    signal: options.signal ?? null,
  });
  return { status: response.status, headers: response.headers, ...((await response.json()) as object) };
}
