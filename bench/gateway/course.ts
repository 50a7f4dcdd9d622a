import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FloorOrder } from './floor.ts';
import { askOnce, type Contender, type Figures, type Workload } from './measure.ts';
import type { Target } from './report.ts';

/** Who does a workload, in the order of the table: the floor, our gateway in its ways to share work, @apollo/gateway. */
export const ROLES = ['floor', 'alone', 'sharedCalls', 'sharedRequests', 'peer'] as const;
export type Role = (typeof ROLES)[number];

/** A workload that is set up, with all who are to do it. */
export interface Course extends AsyncDisposable {
  readonly workload: Workload;
  readonly expected: unknown;
  readonly contenders: Readonly<Record<Role, Contender>>;
  /** What is promised of the outcome. */
  readonly promises: (figures: Readonly<Record<Role, Figures>>) => readonly Target[];
}

export interface CourseParts extends Pick<Course, 'workload' | 'promises'> {
  /** SDL, with the addresses that the subgraphs have this time. */
  readonly supergraph: string;
  /** For our gateway and the peer. */
  readonly env: Readonly<Record<string, string>>;
  /** The fewest calls that hold all that the query asks for. @param data of the right answer */
  readonly floor: (data: unknown) => Omit<FloorOrder, 'answer'>;
}

const GATEWAY = path.resolve(import.meta.dirname, '../../gateway/main.ts');
const here = (file: string) => path.join(import.meta.dirname, file);

/** @param started what the parts run on: is taken over, and ends with the course. */
export async function layOutCourse(parts: CourseParts, started: AsyncDisposableStack): Promise<Course> {
  const { workload, promises } = parts;
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-gateway-'));
  started.defer(() => rm(folder, { recursive: true }));
  const supergraph = path.join(folder, 'supergraph.graphql');
  await writeFile(supergraph, parts.supergraph);

  const env = { SUPERGRAPH: supergraph, ...parts.env };
  const ours = (name: string, sharing: Record<string, string>): Contender => ({
    name,
    args: [GATEWAY],
    // The others refuse nobody, however late a busy machine makes them.
    env: { ...env, MAX_EVENT_LOOP_DELAY_MS: '60000', ...sharing },
    anyOperation: true,
  });
  const peer: Contender = { name: '@apollo/gateway', args: [here('peer.ts')], env, anyOperation: true };

  const expected = await askOnce(peer, workload);
  const { data } = expected as { data: unknown };
  const floorOrder: FloorOrder = { ...parts.floor(data), answer: expected };
  const floorFile = path.join(folder, 'floor.json');
  await writeFile(floorFile, JSON.stringify(floorOrder));

  const running = started.move();
  return {
    workload,
    expected,
    promises,
    contenders: {
      floor: { name: 'floor', args: [here('floor.ts')], env: { ORDER: floorFile }, anyOperation: false },
      alone: ours('ours, nothing shared', { SHARE_SUBGRAPH_CALLS: 'off' }),
      sharedCalls: ours('ours, subgraph calls shared', {}),
      sharedRequests: ours('ours, requests shared', { SHARE_REQUESTS: 'on' }),
      peer,
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
