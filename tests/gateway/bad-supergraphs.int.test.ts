import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  composeStubs,
  startStubSubgraphs,
  type StubSubgraphs,
} from '#tests/support/subgraphs/stub-subgraphs.ts';
import { until } from '#tests/support/until.ts';
import { BOOKSHOP } from './support/bookshop.ts';
import { runGateway } from './support/gateway-process.ts';
import { type RunningGateway, startGateway, writeSupergraph } from './support/start-gateway.ts';

let stubs: StubSubgraphs;
let running: RunningGateway;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
  running = await startGateway(stubs.supergraphSdl);
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await stubs[Symbol.asyncDispose]();
});

/** The bookshop whose `votes` has this address. */
function supergraphWith(url: string): string {
  return composeStubs(
    BOOKSHOP.map((stub) => ({ ...stub, url: stub.name === 'votes' ? url : stubs.get(stub.name).url })),
  );
}

const BAD_URLS = [
  'votes',
  '/graphql',
  'localhost:4003',
  'ftp://127.0.0.1/graphql',
  'http://',
  'http://user:password@127.0.0.1/',
];

describe('a supergraph with a bad subgraph URL is refused, naming the subgraph', () => {
  test('at start, in one line', async () => {
    const file = await writeSupergraph(supergraphWith('localhost:4003'));
    const { code, output } = await runGateway(['--supergraph', file, '--port', '0'], {});
    await rm(file);
    expect(code).toBe(1);
    expect(output).toMatch(/^gateway: subgraph votes: "localhost:4003" .*SUBGRAPH_URL_VOTES\n$/);
  });

  test.each(BAD_URLS)('%s', async (url) => {
    await expect(startGateway(supergraphWith(url))).rejects.toThrow(/subgraph votes\b/);
  });

  test('unless its address is given otherwise', async () => {
    const { url } = stubs.get('votes');
    await using gateway = await startGateway(supergraphWith('votes'), { SUBGRAPH_URL_VOTES: url });
    expect((await gateway.ask('{ bestYear }')).data).toEqual({ bestYear: 1999 });
  });

  test('in a swap, and the old one serves on', async () => {
    await writeFile(running.supergraphFile, supergraphWith('votes'));
    const refused = () => running.log.find(({ msg }) => String(msg).startsWith('new supergraph refused'));
    await until(() => refused() !== undefined, 'the refusal');
    expect(refused()?.['reason']).toContain('subgraph votes');
    expect((await running.ask('{ bestYear }')).data).toEqual({ bestYear: 1999 });
  });
});
