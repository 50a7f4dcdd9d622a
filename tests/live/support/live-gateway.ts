import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readConfig } from '#gateway/settings.ts';
import type { EngineDeps } from '#gateway/engine.ts';
import { createGateway, type Gateway } from '#gateway/gateway.ts';
import type { LiveConfig } from '#gateway/live/live-settings.ts';
import type { LiveMetrics } from '#gateway/live/live-metrics.ts';
import { parseSupergraph } from '#gateway/supergraph/supergraph.ts';
import { planInThreads } from '#tests/support/planner-threads.ts';
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
  createPlanning?: EngineDeps['createPlanning'],
): Promise<LiveGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'live-gateway-'));
  const file = join(folder, 'supergraph.graphql');
  const [feed, people] = await Promise.all([startFeed(), startPeople()]);
  const sdl = composeStubs(feed.url, people.url);
  await writeFile(file, sdl);
  const config = readConfig(['--supergraph', file, '--port', '0'], {
    LOG_LEVEL: process.env['LIVE_LOG'] ?? 'silent',
    MAX_EVENT_LOOP_DELAY_MS: '60000',
    ...env,
  });
  const logger = pino({ level: config.logLevel });
  const gateway = createGateway({
    // Some settings of live updates the environment has no names for.
    config: { ...config, live: { ...config.live, ...live } },
    logger,
    supergraph: parseSupergraph(sdl),
    createPlanning: createPlanning ?? planInThreads(config.planning),
  });
  const { url } = await gateway.listen();
  return {
    gateway,
    url,
    wsUrl: url.replace('http', 'ws'),
    feed,
    people,
    metrics: gateway.live.metrics,
    drain: () => gateway.drain(),
    async swap({ sdl: feedSdl, url: feedUrl = feed.url }) {
      const swapped = new Promise<void>((resolve) => {
        const stop = gateway.engine.onSwap(() => {
          stop();
          resolve();
        });
      });
      await writeFile(file, composeStubs(feedUrl, people.url, feedSdl));
      await swapped;
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await Promise.all([feed[Symbol.asyncDispose](), people[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true });
    },
  };
}
