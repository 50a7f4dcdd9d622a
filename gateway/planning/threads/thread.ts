// A thread that plans, as whoever gives it work sees it.
import type { Worker } from 'node:worker_threads';
import type { PlannedOperation } from '#gateway/planning/planner.ts';
import type { ToThread } from './messages.ts';
import type { WaitingJob } from './waiting-jobs.ts';

export interface Graph {
  readonly id: number;
  readonly sdl: string;
  closed: boolean;
}

export interface Job extends WaitingJob {
  readonly id: number;
  readonly graph: Graph;
  /** `undefined` when the graph is only to be opened. */
  readonly source: string | undefined;
  readonly limitMs: number;
  /** When it was put into the line. */
  since: number;
  /** Ends its waiting. */
  patience: NodeJS.Timeout | undefined;
  readonly done: (planned: PlannedOperation | undefined) => void;
  readonly failed: (error: Error) => void;
}

export interface Thread {
  readonly worker: Worker;
  readonly opened: Set<number>;
  starting: boolean;
  /** Processor time when it was last idle. */
  cpuMs: number;
  /** When its job began. */
  since: number;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** A thread keeps a supergraph until nobody plans with it any more. */
export function forget(thread: Thread, graph: Graph): void {
  if (thread.opened.delete(graph.id)) send(thread, { kind: 'close', supergraph: graph.id });
}

export function send({ worker }: Thread, message: ToThread): void {
  worker.postMessage(message);
}
