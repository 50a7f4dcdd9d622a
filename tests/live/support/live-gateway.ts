import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '#gateway/settings.ts';
import { createGateway, type Gateway, type GatewayDeps } from '#gateway/gateway.ts';
import { DEFAULT_LIVE_CONFIG, type LiveConfig } from '#gateway/live/live-settings.ts';
import type { LiveMetrics } from '#gateway/live/live-metrics.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { planInThreads } from '#tests/support/planner-threads.ts';
import { serveForTest } from './serve-for-test.ts';
import { composeStubs, type Feed, type People, startFeed, startPeople } from './stub-subgraphs.ts';

/** A gateway with live updates over two stub subgraphs, on real sockets, in this process. */
export interface LiveGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly url: string;
  readonly wsUrl: string;
  readonly feed: Feed;
  readonly people: People;
  readonly metrics: LiveMetrics;
  drain(): Promise<void>;
  /** Puts another supergraph in place, with this schema or address of the feed subgraph; resolves when it serves. */
  swap(feed: { readonly sdl?: string; readonly url?: string }): Promise<void>;
}

export async function startLiveGateway(
  live: Partial<LiveConfig> = {},
  env: Record<string, string> = {},
  createPlanning?: GatewayDeps['createPlanning'],
): Promise<LiveGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'live-gateway-'));
  const file = join(folder, 'supergraph.graphql');
  const [feed, people] = await Promise.all([startFeed(), startPeople()]);
  const sdl = composeStubs(feed.url, people.url);
  await writeFile(file, sdl);
  const config = readConfig(['--supergraph', file, '--port', '0'], {
    LOG_LEVEL: process.env['LIVE_LOG'] ?? 'silent',
    ...env,
  });
  const logger = pino({ level: config.logLevel });
  const gateway = await createGateway({
    config,
    logger,
    supergraph: parseSupergraph(sdl),
    createPlanning: createPlanning ?? planInThreads(config.planning),
  });
  await gateway.listen();
  const served = await serveForTest(gateway, config, { ...DEFAULT_LIVE_CONFIG, ...live }, logger);
  return {
    gateway,
    url: served.url,
    wsUrl: served.url.replace('http', 'ws'),
    feed,
    people,
    metrics: served.metrics,
    drain: served.drain,
    async swap({ sdl: feedSdl, url = feed.url }) {
      const swapped = new Promise<void>((resolve) => {
        const stop = gateway.onSwap(() => {
          stop();
          resolve();
        });
      });
      await writeFile(file, composeStubs(url, people.url, feedSdl));
      await swapped;
    },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await gateway[Symbol.asyncDispose]();
      await Promise.all([feed[Symbol.asyncDispose](), people[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true });
    },
  };
}
