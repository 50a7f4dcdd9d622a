import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { connectAcknowledged, itemChanged, subscribeMessage } from './support/raw-client.ts';
import { composeStubs, startFeed, startPeople } from './support/stub-subgraphs.ts';

const MAIN = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url));

/** The gateway as the process that it is, over stub subgraphs that outlive it. */
async function prepareGateway() {
  const folder = await mkdtemp(join(tmpdir(), 'live-process-'));
  const [feed, people] = await Promise.all([startFeed(), startPeople()]);
  const supergraph = join(folder, 'supergraph.graphql');
  await writeFile(supergraph, composeStubs(feed.url, people.url));
  let running: ChildProcess | undefined;
  let url = '';
  return {
    feed,
    get url() {
      return url;
    },
    /** Resolves when it serves; the second time at the same port. */
    async start() {
      const port = url === '' ? '0' : new URL(url).port;
      running = fork(MAIN, ['--supergraph', supergraph, '--port', port], {
        env: { ...process.env, LOG_LEVEL: 'error', NODE_ENV: 'production' },
      });
      const [message] = (await once(running, 'message')) as [{ url: string }];
      url = message.url;
    },
    /** Resolves with the exit code. */
    async stop(signal: 'SIGTERM' | 'SIGKILL') {
      const stopping = running;
      if (stopping === undefined || stopping.exitCode !== null || stopping.signalCode !== null)
        return undefined;
      const exited = once(stopping, 'exit');
      stopping.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
    async [Symbol.asyncDispose]() {
      await this.stop('SIGKILL');
      await Promise.all([feed[Symbol.asyncDispose](), people[Symbol.asyncDispose]()]);
      await rm(folder, { recursive: true });
    },
  };
}

test('SIGTERM tells clients to come back, leaves the subgraphs clean, and ends with 0', async () => {
  await using gateway = await prepareGateway();
  await gateway.start();
  await using client = await connectAcknowledged(gateway.url.replace('http', 'ws'));
  client.send(subscribeMessage('1', itemChanged('a')));
  await gateway.feed.until(() => gateway.feed.active === 1);

  const exited = gateway.stop('SIGTERM');

  expect(await client.closed).toEqual({ code: 1012, reason: 'Service restart' });
  expect(await exited).toBe(0);
  await gateway.feed.until(() => gateway.feed.active === 0 && gateway.feed.sockets.size === 0);
});

/** The gateway starts three times, and takes its time on a busy machine. */
const STARTS_MS = 60_000;

test('clients whose gateway is killed and started anew have every event once, in order', {
  timeout: STARTS_MS,
}, async () => {
  await using gateway = await prepareGateway();
  await gateway.start();
  const query = 'subscription { itemChanged(id: "a") { version } }';
  interface Result {
    readonly data?: { readonly itemChanged: { readonly version: number } } | null;
    readonly errors?: unknown;
  }
  const seen = { webSocket: [] as unknown[], sse: [] as unknown[] };
  const retry = () => new Promise<void>((resolve) => setTimeout(resolve, 50));
  let stopped = false;

  // Both libraries send the same message again after a loss: the cursor is put in when they do.
  const webSocket = createWsClient({
    url: gateway.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 1_000,
    retryWait: retry,
    shouldRetry: () => true,
  });
  const withCursor = { query, extensions: { cursor: 0 } };
  webSocket.subscribe<Result['data']>(withCursor, {
    next(result) {
      seen.webSocket.push(result.data?.itemChanged.version ?? result.errors);
      withCursor.extensions.cursor = seen.webSocket.length;
    },
    error: (error) => seen.webSocket.push(error),
    complete() {},
  });
  const sse = createSseClient({
    url: gateway.url,
    retryAttempts: 1_000,
    retry,
    headers: () => ({ 'last-event-id': String(seen.sse.length) }),
  });
  sse.subscribe<Result['data'], never>(
    { query },
    {
      next: (result) => seen.sse.push(result.data?.itemChanged.version ?? result.errors),
      error: (error) => stopped || seen.sse.push(error),
      complete() {},
    },
  );
  await gateway.feed.until(() => gateway.feed.active > 0);

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    for (let i = 0; i < 5; i += 1) gateway.feed.publish('a');
    await gateway.stop(signal);
    for (let i = 0; i < 5; i += 1) gateway.feed.publish('a');
    await gateway.start();
  }

  const all = Array.from({ length: 20 }, (_, index) => index + 1);
  await expect.poll(() => seen, { timeout: 15_000 }).toEqual({ webSocket: all, sse: all });
  stopped = true;
  sse.dispose();
  await webSocket.dispose();
});
