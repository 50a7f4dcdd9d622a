import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, urlVariable } from './settings.ts';

const read = (env: Record<string, string> = {}, argv: string[] = []) =>
  readConfig(argv, { SUPERGRAPH: 's.graphql', ...env });

test('a supergraph is all that must be given', () => {
  expect(read()).toMatchObject({
    supergraphFile: 's.graphql',
    host: '127.0.0.1',
    port: 4000,
    production: false,
    shareRequests: false,
    batching: false,
    explorer: true,
    introspection: true,
    metrics: true,
    corsOrigins: ['https://studio.apollographql.com', expect.any(RegExp)], // and this machine's own, at any port
    upstream: {
      secret: undefined,
      shareCalls: true,
      forwardHeaders: ['authorization', 'x-request-id', 'traceparent', 'tracestate', 'accept-language'],
    },
  });
});

test('a flag wins over its variable, and an empty variable counts as not set', () => {
  const { supergraphFile, port } = read({ PORT: '1', LOG_LEVEL: '' }, [
    '--supergraph',
    'f.graphql',
    '--port',
    '2',
  ]);
  expect({ supergraphFile, port }).toEqual({ supergraphFile: 'f.graphql', port: 2 });
});

test('production closes what only development needs', () => {
  expect(read({ NODE_ENV: 'production', CORS_ORIGINS: 'https://shop.example' })).toMatchObject({
    production: true,
    explorer: false,
    introspection: false,
    metrics: false,
    corsOrigins: ['https://shop.example'],
  });
  expect(read({ NODE_ENV: 'production', EXPLORER: 'on' }).explorer).toBe(true);
});

test('addresses of subgraphs are taken by their name, for HTTP and for WebSockets', () => {
  const { upstream, live } = read({
    SUBGRAPH_URL_MY_SHOP: 'http://10.0.0.1/graphql',
    SUBGRAPH_WS_URL_MY_SHOP: 'wss://10.0.0.2/live',
  });
  expect(upstream.urls.get(urlVariable('my-shop'))).toBe('http://10.0.0.1/graphql');
  expect(live.upstreamUrls.get(urlVariable('my-shop'))).toBe('wss://10.0.0.2/live');
});

describe('what cannot be used is refused by name', () => {
  test.each([
    [{ PORT: '70000' }, 'PORT'],
    [{ SUBGRAPH_TIMEOUT_MS: '2147483648' }, 'SUBGRAPH_TIMEOUT_MS'], // 1 ms, to a timer
    [{ PLANNING_TIMEOUT_MS: '9007199254740991' }, 'PLANNING_TIMEOUT_MS'],
    [{ LIVE_HEARTBEAT_MS: '2147483648' }, 'LIVE_HEARTBEAT_MS'],
    [{ KEEP_ALIVE_TIMEOUT_MS: '2147483648' }, 'KEEP_ALIVE_TIMEOUT_MS'],
    [{ SHARE_REQUESTS: 'yes' }, 'SHARE_REQUESTS'],
    [{ NODE_ENV: 'Production' }, 'NODE_ENV'],
    [{ NODE_ENV: 'production ' }, 'NODE_ENV'],
    [{ NODE_ENV: 'prod' }, 'NODE_ENV'],
    [{ NODE_ENV: 'production', GATEWAY_SECRET: 'DEV-0123456789abcdef' }, 'GATEWAY_SECRET'],
    [{ NODE_ENV: 'production', GATEWAY_SECRET: ' dev-0123456789abcdef' }, 'GATEWAY_SECRET'],
    [{ FORWARD_HEADERS: 'authorization, Host' }, 'FORWARD_HEADERS'],
    [{ FORWARD_HEADERS: 'x-gateway-secret' }, 'FORWARD_HEADERS'],
    [{ GATEWAY_SECRET: 'short' }, 'GATEWAY_SECRET'],
    [{ NODE_ENV: 'production', GATEWAY_SECRET: 'dev-0123456789abcdef' }, 'GATEWAY_SECRET'],
    [{ SUBGRAPH_URL_SHOP: 'shop:4000' }, 'SUBGRAPH_URL_SHOP'],
    [{ SUBGRAPH_WS_URL_SHOP: 'http://shop' }, 'SUBGRAPH_WS_URL_SHOP'],
  ])('%o', (env, variable) => {
    expect(() => read(env as Record<string, string>)).toThrow(ConfigError);
    expect(() => read(env as Record<string, string>)).toThrow(new RegExp(`^${variable}: `));
  });
});
