import { auditServer } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOOKSHOP } from '#tests/gateway/support/bookshop.ts';
import { type RunningGateway, startGateway } from '#tests/gateway/support/start-gateway.ts';
import { startStubSubgraphs, type StubSubgraphs } from '#tests/support/subgraphs/stub-subgraphs.ts';

const AUDITS = 61;

let stubs: StubSubgraphs;
let development: RunningGateway;
let production: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  development = await startGateway(stubs.supergraphSdl);
  production = await startGateway(stubs.supergraphSdl, { NODE_ENV: 'production', INTROSPECTION: 'on' });
});

afterAll(async () => {
  await development[Symbol.asyncDispose]();
  await production[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

/** Its GETs get the header that any client has to send, as a page of another site could send the rest. */
function fetchFn(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('apollo-require-preflight', '1');
  return fetch(url, { ...init, headers });
}

test.each([
  ['development', () => development],
  ['production', () => production],
])('%s: GraphQL over HTTP is spoken as its audit asks, in every point', async (_what, gateway) => {
  const results = await auditServer({ url: gateway().url, fetchFn });
  expect(results.filter(({ status }) => status !== 'ok').map(({ name }) => name)).toEqual([]);
  expect(results).toHaveLength(AUDITS);
});
