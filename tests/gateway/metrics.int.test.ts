import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAcknowledged, itemChanged, subscribeMessage } from '#tests/live/support/raw-client.ts';
import {
  composeStubs,
  type Feed,
  type People,
  startFeed,
  startPeople,
} from '#tests/live/support/stub-subgraphs.ts';
import { until } from '#tests/support/until.ts';
import { startGatewayProcess } from './support/gateway-process.ts';
import { ask, writeSupergraph } from './support/start-gateway.ts';

let feed: Feed;
let people: People;
let supergraphFile: string;

beforeAll(async () => {
  [feed, people] = await Promise.all([startFeed(), startPeople()]);
  supergraphFile = await writeSupergraph(composeStubs(feed.url, people.url));
});

afterAll(async () => {
  await Promise.all([feed[Symbol.asyncDispose](), people[Symbol.asyncDispose]()]);
  await rm(supergraphFile, { force: true });
});

/** Every sample by its name and labels, as they stand in the text; those of the gateway without their common prefix. */
async function scrape(origin: string): Promise<Map<string, number>> {
  const response = await fetch(`${origin}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end).replace('ordergraph_gateway_', ''), Number(line.slice(end + 1))];
    }),
  );
}

test('/metrics tells of connections, streams, deliveries, lag and ends as clients come, follow and drop', async () => {
  await using gateway = await startGatewayProcess(supergraphFile);
  const wsUrl = gateway.url.replace('http', 'ws');
  {
    await using first = await connectAcknowledged(wsUrl);
    await using second = await connectAcknowledged(wsUrl);
    const events = new AbortController();
    const streamed = await fetch(`${gateway.url}?query=${encodeURIComponent(itemChanged('a'))}`, {
      headers: { accept: 'text/event-stream' },
      signal: events.signal,
    });
    for (const client of [first, second]) client.send(subscribeMessage('1', itemChanged('a')));
    await until(
      async () => (await scrape(gateway.origin)).get('live_subscriptions') === 3,
      'three to follow',
    );

    // The two WebSockets share one; `fetch` asks in a language of its own.
    await feed.until(() => feed.active === 2);
    for (let version = 1; version <= 4; version += 1) {
      feed.publish('a');
      for (const client of [first, second]) expect((await client.next()).type).toBe('next');
    }
    await until(
      async () => (await scrape(gateway.origin)).get('live_deliveries_total') === 12,
      'the third client',
    );
    expect(Object.fromEntries(await scrape(gateway.origin))).toMatchObject({
      live_connections: 3,
      live_connections_opened_total: 3,
      live_subscriptions_started_total: 3,
      live_events_total: 8,
      live_lag_seconds_count: 8,
      'live_lag_seconds_bucket{le="+Inf"}': 8,
      upstream_streams: 2,
      upstream_streams_opened_total: 2,
      // Before its first event neither stream could have been resumed, so that they were kept apart.
      upstream_sockets: 2,
      upstream_reconnects_total: 0,
    });

    await feed.crash();
    await feed.restart();
    await until(
      async () => (await scrape(gateway.origin)).get('upstream_reconnects_total') === 2,
      'both to reconnect',
    );
    events.abort();
    await streamed.body?.cancel().catch(() => {});
  }
  await until(async () => (await scrape(gateway.origin)).get('live_connections') === 0, 'all to be gone');
  const after = await scrape(gateway.origin);
  expect(after.get('live_subscriptions')).toBe(0);
  expect(after.get('upstream_streams')).toBe(0);
  expect(after.get('live_connections_opened_total')).toBe(3);
  const closes = [...after].filter(([name]) => name.startsWith('live_closes_total'));
  expect(closes.reduce((sum, [, count]) => sum + count, 0)).toBe(3);
});

test('/metrics tells of requests by their status, live ones and scrapes left out', async () => {
  await using gateway = await startGatewayProcess(supergraphFile);
  await ask(gateway.url, '{ me { name } }');
  await ask(gateway.url, '{ me { name } }');
  await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
  await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: '{"query":"{ me { name } }"}',
  }).then((response) => response.text());

  const counted = (metrics: Map<string, number>) =>
    [...metrics].filter(([name]) => name.startsWith('request_duration_seconds_count'));
  // An answer is counted when it is out, which a client may see a moment earlier.
  await until(async () => counted(await scrape(gateway.origin)).length === 2, 'both kinds of answer');
  const metrics = await scrape(gateway.origin);
  expect(counted(metrics)).toEqual([
    ['request_duration_seconds_count{status="200"}', 2],
    ['request_duration_seconds_count{status="400"}', 1],
  ]);
  expect(metrics.get('requests_in_flight')).toBe(0);
  // Practice had its operations planned, too.
  expect(metrics.get('planning_duration_seconds_count')).toBeGreaterThan(0);
  expect(metrics.get('planning_wait_seconds_count')).toBe(metrics.get('planning_duration_seconds_count'));
  expect(metrics.get('planning_waiting')).toBe(0);
  expect(metrics.get('planning_threads')).toBeGreaterThan(0);
  expect(metrics.get('planned_bytes')).toBeGreaterThan(30_000);
  expect(metrics.get('process_resident_memory_bytes')).toBeGreaterThan(1e7);
  expect(metrics.get('process_cpu_seconds_total')).toBeGreaterThan(0);
});

test('in production there is no /metrics unless METRICS is on', async () => {
  const production = { NODE_ENV: 'production', LOG_LEVEL: 'silent' };
  await using closed = await startGatewayProcess(supergraphFile, production);
  expect((await fetch(`${closed.origin}/metrics`)).status).toBe(404);
  await using open = await startGatewayProcess(supergraphFile, { ...production, METRICS: 'on' });
  expect((await scrape(open.origin)).get('live_connections')).toBe(0);
});
