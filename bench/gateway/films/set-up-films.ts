import { once } from 'node:events';
import path from 'node:path';
import { composeStubs } from '#tests/support/subgraphs/stub-subgraphs.ts';
import { type Course, layOutCourse } from '../course.ts';
import { startPinned, stop } from '../pinned.ts';
import { FILMS, FILMS_FLOOR, FILMS_QUERY, newFilmsQuery } from './films.ts';

/** Stub subgraphs that answer from memory: what is left to measure is the gateway alone. */
export async function setUpFilms(): Promise<Course> {
  await using started = new AsyncDisposableStack();
  const file = path.join(import.meta.dirname, 'subgraphs.ts');
  const subgraphs = startPinned('rest', [file], {}, ['ignore', 'inherit', 'inherit', 'ipc']);
  started.defer(() => stop(subgraphs));
  const [{ port }] = (await once(subgraphs, 'message')) as [{ port: number }];
  const origin = `http://127.0.0.1:${port}`;

  return await layOutCourse(
    {
      workload: {
        name: 'films: stub subgraphs that answer from memory',
        query: FILMS_QUERY,
        headers: {},
        newQuery: newFilmsQuery,
        subgraphRequests: async () =>
          ((await (await fetch(`${origin}/stats`)).json()) as { requests: number }).requests,
        warmUpRequests: 3_000,
      },
      supergraph: composeStubs(FILMS.map((stub) => ({ ...stub, url: `${origin}/${stub.name}` }))),
      env: {},
      floor: () => ({
        headers: {},
        rounds: FILMS_FLOOR.map((round) =>
          round.map(([name, query, representations]) => ({
            url: `${origin}/${name}`,
            query,
            ...(representations !== undefined && { representations }),
          })),
        ),
      }),
      promises: ({ floor, alone, sharedCalls, sharedRequests, peer }) => {
        const againstFloor = ({ cpuMsPerRequest }: { cpuMsPerRequest: number }) =>
          cpuMsPerRequest / floor.cpuMsPerRequest;
        return [
          { promise: 'nothing shared, processor time ÷ floor', measured: againstFloor(alone), atMost: 1.6 },
          { promise: 'subgraph calls shared ÷ floor', measured: againstFloor(sharedCalls), atMost: 0.7 },
          { promise: 'requests shared ÷ floor', measured: againstFloor(sharedRequests), atMost: 0.35 },
          {
            promise: 'nothing shared ÷ @apollo/gateway (a twelfth)',
            measured: (12 * alone.cpuMsPerRequest) / peer.cpuMsPerRequest,
            atMost: 1,
          },
          { promise: 'subgraph requests of one query', measured: alone.callsAlone, atMost: 8 },
          {
            promise: 'peak memory ÷ @apollo/gateway',
            measured: sharedCalls.peakMb / peer.peakMb,
            atMost: 1,
          },
          {
            promise: 'first request of a new operation ÷ @apollo/gateway',
            measured: (sharedCalls.newOperationMs ?? Number.NaN) / (peer.newOperationMs ?? Number.NaN),
            atMost: 1,
          },
        ];
      },
    },
    started,
  );
}
