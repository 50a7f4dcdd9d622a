import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile, rename, rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  composeStubs,
  faults,
  startStubSubgraphs,
  type StubSubgraphs,
} from '#tests/support/subgraphs/stub-subgraphs.ts';
import { rejectionOf } from '#tests/support/rejection.ts';
import { until } from '#tests/support/until.ts';
import { BOOKSHOP, EVERYTHING, EVERYTHING_ANSWER } from './support/bookshop.ts';
import { runGateway, startGatewayProcess } from './support/gateway-process.ts';
import { ask, writeSupergraph } from './support/start-gateway.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

let stubs: StubSubgraphs;
let supergraphFile: string;

beforeAll(async () => {
  stubs = await startStubSubgraphs(BOOKSHOP);
});

afterAll(() => stubs[Symbol.asyncDispose]());

beforeEach(async () => {
  supergraphFile = await writeSupergraph(stubs.supergraphSdl);
  for (const { name } of BOOKSHOP) stubs.get(name).fail(undefined);
  return () => rm(supergraphFile, { force: true });
});

async function health(origin: string): Promise<{ status: number; supergraph: string; inFlight: number }> {
  const response = await fetch(`${origin}/health`);
  return {
    ...((await response.json()) as { supergraph: string; inFlight: number }),
    status: response.status,
  };
}

/** The first answer of a subgraph is held back until released. */
function holdOne(name: string): { release: () => void } {
  let answer = () => {};
  stubs.get(name).fail((...given) => {
    stubs.get(name).fail(undefined);
    answer = () => faults.none(...given);
  });
  return { release: () => answer() };
}

test('a promise that a request abandons ends nobody: it is logged, and the next request is answered', async () => {
  const abandon = "process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waits for this')))";
  await using gateway = await startGatewayProcess(supergraphFile, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(abandon)}`,
  });
  gateway.child.kill('SIGUSR2');
  await until(() => gateway.output().includes('nobody waits for this'), 'the rejection to be logged');
  expect((await health(gateway.origin)).status).toBe(200);
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s: what is in flight is answered, then the process ends with 0',
  async (signal) => {
    await using gateway = await startGatewayProcess(supergraphFile);
    const stock = stubs.get('stock');
    const held = holdOne('stock');
    const before = stock.requests.length;
    const asked = ask(gateway.url, '{ warehouse }');
    await stock.received(before + 1);
    expect((await health(gateway.origin)).status).toBe(200);

    gateway.child.kill(signal);
    await until(async () => (await health(gateway.origin)).status === 503, 'the gateway to drain');
    const refused = await ask(gateway.url, '{ warehouse }');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();

    held.release();
    expect((await asked).data).toEqual({ warehouse: 'north' });
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
  },
);

test('SIGTERM: what takes longer than SHUTDOWN_TIMEOUT_MS is not waited for', async () => {
  await using gateway = await startGatewayProcess(supergraphFile, { SHUTDOWN_TIMEOUT_MS: '100' });
  const stock = stubs.get('stock');
  const before = stock.requests.length;
  stock.fail(faults.hang);
  const asked = ask(gateway.url, '{ warehouse }');
  const failed = rejectionOf(asked);
  await stock.received(before + 1);
  gateway.child.kill('SIGTERM');
  expect(await gateway.exited()).toEqual({ code: 0, signal: null });
  expect(await failed).toBeInstanceOf(Error);
});

test('SIGTERM: an open WebSocket is told to come back, and keeps nothing up', async () => {
  await using gateway = await startGatewayProcess(supergraphFile);
  const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  const closed = once(socket, 'close') as Promise<[CloseEvent]>;
  gateway.child.kill('SIGTERM');
  expect((await closed)[0].code).toBe(1012);
  expect(await gateway.exited()).toEqual({ code: 0, signal: null });
});

test('it ends when the parent that holds its IPC channel goes', async () => {
  await using gateway = await startGatewayProcess(supergraphFile);
  gateway.child.disconnect();
  expect(await gateway.exited()).toEqual({ code: 0, signal: null });
});

test('a new supergraph swaps in under load without one failed request', async () => {
  await using gateway = await startGatewayProcess(supergraphFile);
  const first = await health(gateway.origin);
  const [catalogue, stock, votes] = BOOKSHOP.map((stub) => ({ ...stub, url: stubs.get(stub.name).url }));
  if (catalogue === undefined || stock === undefined || votes === undefined)
    throw new Error('three stubs expected');
  const grown = {
    ...votes,
    typeDefs: votes.typeDefs.replace('bestYear: Int', 'bestYear: Int worstYear: Int'),
  };
  const supergraphs = [composeStubs([catalogue, stock, grown]), stubs.supergraphSdl];

  let swapped = false;
  let answered = 0;
  const client = async () => {
    while (!swapped) {
      const { status, data, errors } = await ask(gateway.url, EVERYTHING);
      expect({ status, data, errors }).toEqual({ status: 200, data: EVERYTHING_ANSWER, errors: undefined });
      answered += 1;
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, client));
  let serving = first.supergraph;
  for (const sdl of supergraphs) {
    // Written aside and moved, as deployments do, so that each file is seen whole.
    await rename(await writeSupergraph(sdl), supergraphFile);
    await until(async () => (await health(gateway.origin)).supergraph !== serving, 'the swap');
    serving = (await health(gateway.origin)).supergraph;
  }
  swapped = true;
  await clients;
  expect(serving).toBe(first.supergraph);
  expect(answered).toBeGreaterThan(8);
});

test('an invalid supergraph is refused with the reason, and the old one serves on', async () => {
  await using gateway = await startGatewayProcess(supergraphFile);
  await rename(await writeSupergraph('type Query { this is no supergraph'), supergraphFile);
  await until(() => gateway.output().includes('new supergraph refused'), 'the refusal');
  expect(gateway.output()).toContain('Syntax Error');
  expect((await ask(gateway.url, EVERYTHING)).data).toEqual(EVERYTHING_ANSWER);

  await rename(
    await writeSupergraph(`${stubs.supergraphSdl}\n# a comment makes another text`),
    supergraphFile,
  );
  await until(() => gateway.output().includes('a new supergraph serves'), 'the swap');
});

test('the line of the README that runs the gateway alone runs as it stands, whatever Node is on the path', async () => {
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  const [line = ''] = /^npx node gateway\/main\.ts .*$/m.exec(readme) ?? [];
  // Without what npm puts on the path for its scripts, as in a user's shell; and on a port that is free.
  const PATH = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((entry) => !entry.includes('node_modules'))
    .join(path.delimiter);
  const shell = spawn('sh', ['-c', line.replace(/--port \d+/, '--port 0')], {
    cwd: ROOT,
    detached: true,
    env: { PATH, HOME: process.env['HOME'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(shell, 'exit');
  let said = '';
  shell.stdout.on('data', (chunk) => (said += String(chunk)));
  await Promise.race([until(() => said.includes('gateway ready'), 'the gateway'), ended]);
  expect(said).toContain('gateway ready');
  process.kill(-(shell.pid as number), 'SIGTERM'); // the whole group, as Ctrl-C does
  await ended;
});

test('a port in use is named, with the setting to change', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const port = String((other.address() as AddressInfo).port);
  const { code, output } = await runGateway(['--supergraph', supergraphFile, '--port', port], {});
  other.close();
  expect(code).toBe(1);
  expect(output).toBe(`gateway: port ${port} on 127.0.0.1 is taken: choose another with PORT or --port\n`);
});

test.each([
  ['no supergraph named', [], {}, 'name a supergraph file with --supergraph FILE or SUPERGRAPH'],
  [
    'a supergraph that is not there',
    ['--supergraph', '/nowhere.graphql'],
    {},
    'cannot read the supergraph file /nowhere.graphql: ENOENT',
  ],
  ['a file that is no supergraph', ['--supergraph', import.meta.filename], {}, 'is no usable supergraph'],
  ['a port that is none', ['--port', 'http'], { SUPERGRAPH: 'x' }, 'PORT: must be a whole number'],
  ['an unknown flag', ['--prot', '4000'], {}, "Unknown option '--prot'"],
  [
    'a development secret in production',
    [],
    { SUPERGRAPH: 'x', NODE_ENV: 'production', GATEWAY_SECRET: 'dev-0123456789abcdef' },
    'GATEWAY_SECRET: starts with "dev-"',
  ],
  [
    'an address that is another machine’s',
    ['--supergraph', 'schema/supergraph.graphql', '--port', '0'],
    { HOST: '203.0.113.7' },
    'gateway: port 0 on 203.0.113.7 is no address of this machine: choose another with HOST\n',
  ],
])('with %s it says so and ends with 1', async (_what, args, env, message) => {
  const { code, output } = await runGateway(args, env as Record<string, string>);
  expect(code).toBe(1);
  expect(output).toContain(message);
});
