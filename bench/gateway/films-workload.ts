import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { composeStubs } from '#tests/support/stub-subgraphs.ts';
import { FILMS, FILMS_QUERY, newFilmsQuery } from './films.ts';
import { askOnce, type Contender, type Workload } from './measure.ts';
import { startPinned, stop } from './pinned.ts';

const GATEWAY = path.resolve(import.meta.dirname, '../../gateway/main.ts');
const here = (file: string) => path.join(import.meta.dirname, file);

/** A workload that is set up, with all who are to do it. */
export interface Course extends AsyncDisposable {
  readonly workload: Workload;
  readonly expected: unknown;
  readonly floor: Contender;
  readonly peer: Contender;
  /** Our gateway, in its ways to share work. */
  readonly ours: {
    readonly alone: Contender;
    readonly sharedCalls: Contender;
    readonly sharedRequests: Contender;
  };
}

/** Stub subgraphs that answer from memory: what is left to measure is the gateway alone. */
export async function setUpFilms(): Promise<Course> {
  await using started = new AsyncDisposableStack();
  const subgraphs = startPinned('rest', [here('subgraphs.ts')], {}, ['ignore', 'inherit', 'inherit', 'ipc']);
  started.defer(() => stop(subgraphs));
  const [{ port }] = (await once(subgraphs, 'message')) as [{ port: number }];
  const origin = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-gateway-'));
  started.defer(() => rm(folder, { recursive: true }));

  const supergraph = path.join(folder, 'supergraph.graphql');
  await writeFile(
    supergraph,
    composeStubs(FILMS.map((stub) => ({ ...stub, url: `${origin}/${stub.name}` }))),
  );
  const workload: Workload = {
    name: 'films: stub subgraphs that answer from memory',
    query: FILMS_QUERY,
    headers: {},
    newQuery: newFilmsQuery,
    subgraphRequests: async () =>
      ((await (await fetch(`${origin}/stats`)).json()) as { requests: number }).requests,
    warmUpRequests: 3_000,
  };
  const peer = contender('@apollo/gateway', [here('peer.ts')], { SUPERGRAPH: supergraph });
  const expected = await askOnce(peer, workload);
  const answer = path.join(folder, 'answer.json');
  await writeFile(answer, JSON.stringify(expected));

  const ours = (name: string, env: Record<string, string>) =>
    contender(name, [GATEWAY], { SUPERGRAPH: supergraph, ...env });
  const cleanUp = started.move();
  return {
    workload,
    expected,
    peer,
    floor: {
      ...contender('floor', [here('floor.ts')], { SUBGRAPHS: origin, ANSWER: answer }),
      anyOperation: false,
    },
    ours: {
      alone: ours('ours, nothing shared', { SHARE_SUBGRAPH_CALLS: 'off' }),
      sharedCalls: ours('ours, subgraph calls shared', {}),
      sharedRequests: ours('ours, requests shared', { SHARE_REQUESTS: 'on' }),
    },
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}

function contender(name: string, args: readonly string[], env: Record<string, string>): Contender {
  return { name, args, env, anyOperation: true };
}
