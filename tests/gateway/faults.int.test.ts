import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Fault,
  faults,
  startStubSubgraphs,
  type StubSubgraphs,
} from '#tests/support/subgraphs/stub-subgraphs.ts';
import { until } from '#tests/support/until.ts';
import { BOOKSHOP, EVERYTHING, EVERYTHING_ANSWER, everythingWithout } from './support/bookshop.ts';
import { type RunningGateway, startGateway } from './support/start-gateway.ts';

const SETTINGS = {
  SUBGRAPH_TIMEOUT_MS: '300',
  SUBGRAPH_MAX_RESPONSE_BYTES: '100000',
  // Faults come one after the other here, and are not to be kept from the wire by the ones before.
  BREAKER_FAILURES: '1000',
};

const FAULTS: readonly { what: string; fault: Fault; code: string }[] = [
  { what: 'hangs', fault: faults.hang, code: 'SUBGRAPH_TIMEOUT' },
  { what: 'drips', fault: faults.slowDrip, code: 'SUBGRAPH_TIMEOUT' },
  { what: 'sends garbage', fault: faults.garbage, code: 'SUBGRAPH_BAD_RESPONSE' },
  { what: 'sends JSON that is no GraphQL', fault: faults.notGraphql, code: 'SUBGRAPH_BAD_RESPONSE' },
  { what: 'sends HTML', fault: faults.html, code: 'SUBGRAPH_BAD_RESPONSE' },
  { what: 'breaks off in the middle of the body', fault: faults.resetMidBody, code: 'SUBGRAPH_UNREACHABLE' },
  { what: 'answers 503', fault: faults.unavailable, code: 'SUBGRAPH_HTTP_ERROR' },
  {
    what: 'answers 500 with errors in GraphQL form',
    fault: faults.graphqlError500,
    code: 'SUBGRAPH_HTTP_ERROR',
  },
  { what: 'sends more than may be', fault: faults.oversize, code: 'SUBGRAPH_TOO_LARGE' },
];

let stubs: StubSubgraphs;
let running: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  running = await startGateway(stubs.supergraphSdl, SETTINGS);
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

beforeEach(() => {
  for (const { name } of BOOKSHOP) stubs.get(name).fail(undefined);
});

test('with every subgraph well the answer is whole', async () => {
  const { status, data, errors } = await running.ask(EVERYTHING);
  expect({ status, data, errors }).toEqual({ status: 200, data: EVERYTHING_ANSWER, errors: undefined });
});

describe.each(BOOKSHOP.map(({ name }) => name))('when %s', (subgraph) => {
  test.each(FAULTS)('$what: only its own fields fail, with $code', async ({ fault, code }) => {
    stubs.get(subgraph).fail(fault);
    const { status, data, errors = [] } = await running.ask(EVERYTHING);
    expect(status).toBe(200);
    expect(data).toEqual(everythingWithout(subgraph));
    expect(errors.length).toBeGreaterThan(0);
    for (const { extensions } of errors) expect(extensions).toMatchObject({ code, service: subgraph });
  });

  test('is killed and comes back: its fields fail in between, and only they', async () => {
    await stubs.get(subgraph).kill();
    const without = await running.ask(EVERYTHING);
    await stubs.get(subgraph).restart();
    expect(without.data).toEqual(everythingWithout(subgraph));
    for (const { extensions } of without.errors ?? []) {
      expect(extensions).toMatchObject({ code: 'SUBGRAPH_UNREACHABLE', service: subgraph });
    }
    expect((await running.ask(EVERYTHING)).data).toEqual(EVERYTHING_ANSWER);
  });
});

test('a mutation whose connection breaks is sent once', async () => {
  const stock = stubs.get('stock');
  stock.fail(faults.resetMidBody);
  const before = stock.requests.length;
  const { data, errors } = await running.ask('mutation { sell(isbn: "1") }');
  expect(data).toEqual({ sell: null });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'SUBGRAPH_UNREACHABLE' });
  expect(stock.requests.length - before).toBe(1);
});

test('a query whose connection breaks once is tried again and succeeds', async () => {
  const stock = stubs.get('stock');
  stock.fail((...given) => {
    stock.fail(undefined);
    faults.resetMidBody(...given);
  });
  const before = stock.requests.length;
  const { data, errors } = await running.ask('{ warehouse }');
  expect({ data, errors }).toEqual({ data: { warehouse: 'north' }, errors: undefined });
  expect(stock.requests.length - before).toBe(2);
});

test('a client that hangs up cancels its calls to subgraphs', async () => {
  const stock = stubs.get('stock');
  stock.fail(faults.hang);
  const before = stock.requests.length;
  const client = new AbortController();
  const asked = running.ask('{ warehouse }', { signal: client.signal });
  await stock.received(before + 1);
  client.abort();
  await expect(asked).rejects.toThrow();
  await until(() => stock.requests[before]?.aborted === true, 'the call to be cancelled');
});

test('two clients share one call; when one hangs up the other still gets the answer', async () => {
  // A call that takes as long as it takes.
  await using patient = await startGateway(stubs.supergraphSdl, {
    ...SETTINGS,
    SUBGRAPH_TIMEOUT_MS: '15000',
  });
  const stock = stubs.get('stock');
  let answer = () => {};
  stock.fail((...given) => {
    answer = () => faults.none(...given);
  });
  const before = stock.requests.length;
  const leaving = new AbortController();
  const first = patient.ask('{ warehouse }', { signal: leaving.signal });
  const second = patient.ask('{ warehouse }');
  await stock.received(before + 1);
  await until(async () => (await patient.inFlight()) === 2, 'both requests to be in flight');
  leaving.abort();
  await expect(first).rejects.toThrow();
  await until(async () => (await patient.inFlight()) === 1, 'the first request to be over');
  answer();
  expect((await second).data).toEqual({ warehouse: 'north' });
  expect(stock.requests.length - before).toBe(1);
});
