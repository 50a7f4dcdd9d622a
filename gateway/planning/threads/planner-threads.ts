import { Worker } from 'node:worker_threads';
import { type DocumentNode, Kind, type OperationDefinitionNode, print } from 'graphql';
import type { PlannedOperation, Planner } from '#gateway/planning/planner.ts';
import type { PlanningThreadsConfig } from '#gateway/planning/planning-config.ts';
import { MIB } from '#gateway/variable-types.ts';
import type { FromThread, ToThread } from './messages.ts';
import {
  asError,
  cpuMs,
  errorOf,
  heapBytes,
  isOutOfMemory,
  openingFailed,
  outOfMemory,
  overloaded,
  timedOut,
} from './thread-limits.ts';

/*
 * Planning away from the event loop. One thread is kept; while it is busy and somebody waits, others join it for a while,
 * so that one slow operation holds up nobody for long. A thread does one thing at a time:
 *
 *   starting   it loads its code and opens a supergraph; nothing is given to it
 *   idle       it waits
 *   busy       with one job, under a time limit; past that it is ended, and the operation refused
 *   ended      by the time limit, by its memory limit, or as nobody needs it any more
 */

export interface PlannerThreads extends AsyncDisposable {
  /** A planner for one valid supergraph. The threads read it when it is first needed. */
  open(sdl: string): ThreadedPlanner;
}

export interface ThreadedPlanner extends Planner {
  /** Resolves when a thread has read the supergraph. Rejects when it cannot. */
  ready(): Promise<void>;
  /**
   * @param limitMs instead of the usual one
   * @returns a promise that rejects with an `OperationError`: `PLANNING_TIMED_OUT`, `OPERATION_TOO_COMPLEX`, or
   *   `PLANNING_OVERLOADED` when too many wait already
   */
  plan(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    limitMs?: number,
  ): Promise<PlannedOperation>;
  [Symbol.dispose](): void;
}

interface Graph {
  readonly id: number;
  readonly sdl: string;
  closed: boolean;
}

interface Job {
  readonly id: number;
  readonly graph: Graph;
  /** `undefined` when the graph is only to be opened. */
  readonly source: string | undefined;
  readonly limitMs: number;
  readonly done: (planned: PlannedOperation | undefined) => void;
  readonly failed: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly opened: Set<number>;
  starting: boolean;
  /** Processor time when it was last idle. */
  cpuMs: number;
  job: Job | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** All threads are busy with the same jobs for so long before another one is started. */
const SPARE_AFTER_MS = 50;
/** A thread that is one too many goes after so long without work. */
const SPARE_KEPT_MS = 30_000;
/** For loading code and reading a supergraph, however large. */
const OPENING_MS = 120_000;
const LONGEST_WAIT_MS = 10_000;
/** A thread may take hundreds of megabytes a second. */
const WATCH_MS = 50;
/** Beside twice the limit, until V8 takes over. */
const ROOM_MB = 64;
/** A plan is small, and a young generation of the usual size would take 45 MB more. */
const YOUNG_MB = 16;
/** Characters that may wait in all. */
const MAX_WAITING_LENGTH = 8 * 1024 * 1024;

export function createPlannerThreads(config: PlanningThreadsConfig): PlannerThreads {
  const threads = new Set<Thread>();
  const waiting: Job[] = [];
  let waitingLength = 0;
  let ids = 0;
  let growing: NodeJS.Timeout | undefined;
  let shrinking: NodeJS.Timeout | undefined;
  let disposed = false;

  function start(graph: Graph): void {
    const worker = new Worker(new URL('./planner-thread.ts', import.meta.url), {
      name: 'planner',
      // What the main thread was told to load first is not for this one.
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: 2 * config.memoryMb + ROOM_MB,
        maxYoungGenerationSizeMb: YOUNG_MB,
      },
    });
    const thread: Thread = {
      worker,
      opened: new Set(),
      starting: true,
      cpuMs: 0,
      job: undefined,
      timer: undefined,
    };
    threads.add(thread);
    worker.on('message', (message: FromThread) => hear(thread, message));
    worker.on('error', (error) =>
      end(thread, isOutOfMemory(error) ? outOfMemory(thread.job?.source !== undefined) : asError(error)),
    );
    worker.on('exit', () => end(thread, new Error('The planner thread has ended.')));
    thread.job = {
      id: (ids += 1),
      graph,
      source: undefined,
      limitMs: 0,
      done() {},
      failed: failWaiting(graph),
    };
    open(thread, thread.job);
  }

  /** Nobody can plan with a supergraph that no thread can read. */
  function failWaiting(graph: Graph): (error: Error) => void {
    return (error) => {
      for (const job of waiting.filter((one) => one.graph === graph)) take(job)?.failed(error);
    };
  }

  function open(thread: Thread, job: Job): void {
    watch(thread, job, OPENING_MS, () => end(thread, openingFailed('it takes too long')));
    send(thread, { kind: 'open', job: job.id, supergraph: job.graph.id, sdl: job.graph.sdl });
  }

  /**
   * Looks after a job now and then. V8 ends a thread at its limit only where it comes there in small steps; past a large
   * one it ends the process. So the limit that counts is kept from here, well below V8's.
   */
  function watch(thread: Thread, job: Job, limitMs: number, over: () => void): void {
    const until = performance.now() + limitMs;
    const look = (): void => {
      const left = until - performance.now();
      if (left <= 0) return over();
      thread.timer = setTimeout(look, Math.min(WATCH_MS, left)).unref();
      void heapBytes(thread.worker).then((bytes) => {
        if (thread.job === job && bytes > config.memoryMb * MIB)
          end(thread, outOfMemory(thread.job?.source !== undefined));
      });
    };
    thread.timer = setTimeout(look, Math.min(WATCH_MS, limitMs)).unref();
  }

  function run(thread: Thread, job: Job): void {
    thread.job = job;
    // A thread keeps the process alive while somebody waits for it.
    thread.worker.ref();
    if (!thread.opened.has(job.graph.id)) open(thread, job);
    else if (job.source === undefined) settle(thread, () => job.done(undefined));
    else {
      const { id, graph, source, limitMs } = job;
      watch(thread, job, limitMs, () => void judge(thread, job));
      send(thread, { kind: 'plan', job: id, supergraph: graph.id, source });
    }
  }

  /**
   * The time of a job is up by the clock. Where the thread got less than half of it, as the machine has others to serve, it
   * gets that time once more.
   */
  async function judge(thread: Thread, job: Job): Promise<void> {
    const { limitMs } = job;
    const over = () => end(thread, timedOut(limitMs));
    watch(thread, job, limitMs, over);
    const used = await cpuMs(thread.worker);
    if (thread.job === job && (used === undefined || used - thread.cpuMs >= limitMs / 2)) over();
  }

  function hear(thread: Thread, message: FromThread): void {
    const { job } = thread;
    if (job === undefined || message.job !== job.id) return;
    clearTimeout(thread.timer);
    thread.cpuMs = message.cpuMs;
    switch (message.kind) {
      case 'opened':
        thread.opened.add(job.graph.id);
        thread.starting = false;
        run(thread, job);
        return;
      case 'planned':
        settle(thread, () => job.done(message.planned));
        return;
      case 'failed':
        settle(thread, () => {
          const { failure } = message;
          const isOpen = thread.opened.has(job.graph.id);
          job.failed(isOpen ? errorOf(failure) : openingFailed(failure.message));
        });
    }
  }

  function settle(thread: Thread, tell: () => void): void {
    if (thread.job?.graph.closed) forget(thread, thread.job.graph);
    thread.job = undefined;
    thread.starting = false;
    thread.worker.unref();
    tell();
    next();
  }

  function end(thread: Thread, why: Error): void {
    if (!threads.delete(thread)) return;
    clearTimeout(thread.timer);
    void thread.worker.terminate();
    const { job } = thread;
    job?.failed(why);
    // Whoever comes next should find one that is ready, also when the next one is as bad as this one.
    if (!disposed && threads.size < config.threads && job?.source !== undefined) start(job.graph);
    next();
  }

  function next(): void {
    for (const job of waiting.slice()) {
      const idle = [...threads].filter((thread) => thread.job === undefined);
      const thread = idle.find(({ opened }) => opened.has(job.graph.id)) ?? idle[0];
      if (thread === undefined) break;
      take(job);
      run(thread, job);
    }
    const [job] = waiting;
    if (job !== undefined && threads.size === 0) start(job.graph);
    const all = [...threads];
    const allBusy = all.length > 0 && all.every((thread) => thread.job !== undefined && !thread.starting);
    if (allBusy && threads.size < config.threads) growing ??= setTimeout(grow, SPARE_AFTER_MS).unref();
    else {
      clearTimeout(growing);
      growing = undefined;
    }
    if (threads.size > 1 && job === undefined) shrinking ??= setTimeout(shrink, SPARE_KEPT_MS).unref();
  }

  /** Whoever comes while one operation takes long should find a thread that is ready. */
  function grow(): void {
    growing = undefined;
    const graph = waiting[0]?.graph ?? [...threads].find(({ job }) => job !== undefined)?.job?.graph;
    if (graph !== undefined) start(graph);
  }

  function shrink(): void {
    shrinking = undefined;
    for (const thread of threads)
      if (threads.size > 1 && thread.job === undefined) end(thread, new Error('not needed any more'));
  }

  /** Out of the line. */
  function take(job: Job): Job | undefined {
    const index = waiting.indexOf(job);
    if (index === -1) return undefined;
    waiting.splice(index, 1);
    waitingLength -= job.source?.length ?? 0;
    return job;
  }

  function ask(
    graph: Graph,
    source: string | undefined,
    limitMs: number,
  ): Promise<PlannedOperation | undefined> {
    const length = source?.length ?? 0;
    if (disposed) return Promise.reject(overloaded());
    if (waiting.length >= config.maxWaiting || waitingLength + length > MAX_WAITING_LENGTH)
      return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      const patience = setTimeout(
        () => take(job)?.failed(overloaded()),
        source === undefined ? OPENING_MS : LONGEST_WAIT_MS,
      ).unref();
      const job: Job = {
        id: (ids += 1),
        graph,
        source,
        limitMs,
        done(planned) {
          clearTimeout(patience);
          resolve(planned);
        },
        failed(error) {
          clearTimeout(patience);
          reject(error);
        },
      };
      waiting.push(job);
      waitingLength += length;
      next();
    });
  }

  return {
    open(sdl) {
      const graph: Graph = { id: (ids += 1), sdl, closed: false };
      return {
        async ready() {
          await ask(graph, undefined, OPENING_MS);
        },
        async plan(document, operation, limitMs = config.timeoutMs) {
          const definitions = document.definitions.filter(
            (node) => node === operation || node.kind === Kind.FRAGMENT_DEFINITION,
          );
          const source = print({ kind: Kind.DOCUMENT, definitions });
          const planned = await ask(graph, source, limitMs);
          if (planned === undefined) throw new Error('a plan was asked for, and none came');
          return planned;
        },
        [Symbol.dispose]() {
          graph.closed = true;
          for (const thread of threads) forget(thread, graph);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      clearTimeout(growing);
      clearTimeout(shrinking);
      for (const job of waiting.slice()) take(job)?.failed(overloaded());
      const ended = [...threads].map(({ worker }) => worker.terminate());
      for (const thread of threads) end(thread, overloaded());
      await Promise.all(ended);
    },
  };
}

/** A thread keeps a supergraph until nobody plans with it any more. */
function forget(thread: Thread, graph: Graph): void {
  if (thread.opened.delete(graph.id)) send(thread, { kind: 'close', supergraph: graph.id });
}

function send({ worker }: Thread, message: ToThread): void {
  worker.postMessage(message);
}
