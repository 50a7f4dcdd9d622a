import { Worker } from 'node:worker_threads';
import { type DocumentNode, Kind, type OperationDefinitionNode, print } from 'graphql';
import { type Asker, askerAt } from '#gateway/planning/asker.ts';
import type { PlannedOperation, Planner, PlanOptions } from '#gateway/planning/planner.ts';
import { createPlanningMetrics, type PlanningMetrics } from '#gateway/planning/planning-metrics.ts';
import type { PlanningThreadsConfig } from '#gateway/planning/planning-settings.ts';
import { MIB } from '#gateway/variable-types.ts';
import type { FromThread } from './messages.ts';
import { forget, type Graph, type Job, send, type Thread } from './thread.ts';
import {
  asError,
  cpuMs,
  errorOf,
  heapBytes,
  isOutOfMemory,
  openingFailed,
  outOfMemory,
  overloaded,
  reasonOf,
  timedOut,
} from './thread-limits.ts';
import { createThreadShares } from './thread-shares.ts';
import { createWaitingJobs } from './waiting-jobs.ts';

/*
 * Planning away from the event loop. One thread is kept; while it is busy and somebody waits, others join it for a while,
 * so that one slow operation holds up nobody for long. Clients take turns, and where one of them holds all threads and
 * another waits, it gives one up, and for a while takes it no more. A thread does one thing at a time:
 *
 *   starting   it loads its code and opens a supergraph; nothing is given to it
 *   idle       it waits
 *   busy       with one job, under a time limit; past that it is ended, and the operation refused
 *   ended      by the time limit, by its memory limit, for the sake of another client, or as nobody needs it any more
 */

export interface PlannerThreads extends AsyncDisposable {
  /** A planner for one valid supergraph. The threads read it when it is first needed. */
  open(sdl: string): ThreadedPlanner;
}

export interface ThreadedPlanner extends Planner {
  /** Resolves when a thread has read the supergraph. Rejects when it cannot. */
  ready(): Promise<void>;
  /**
   * @returns a promise that rejects with an `OperationError`: `PLANNING_TIMED_OUT`, `OPERATION_TOO_COMPLEX`, or
   *   `PLANNING_OVERLOADED` when too many wait already
   */
  plan(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    options?: PlanOptions,
  ): Promise<PlannedOperation>;
  join(asker: Asker, address: string | undefined): void;
  [Symbol.dispose](): void;
}

/** All threads are busy with the same jobs for so long before another one is started. */
const SPARE_AFTER_MS = 50;
/** One client holds all threads for so long while another waits. */
const CROWDED_MS = 200;
/** A thread that is one too many goes after so long without work. */
const SPARE_KEPT_MS = 30_000;
/** Of a job's time, where the thread does not get it. */
const EXTENSIONS = 3;
/** For loading code and reading a supergraph, however large. */
const OPENING_MS = 120_000;
const LONGEST_WAIT_MS = 10_000;
/** For what the gateway itself has planned, such as clients' streams anew. */
const OWN_LONGEST_WAIT_MS = 60_000;
/** A thread may take hundreds of megabytes a second. */
const WATCH_MS = 50;
/** Beside twice the limit, until V8 takes over. */
const ROOM_MB = 64;
/** A plan is small, and a young generation of the usual size would take 45 MB more. */
const YOUNG_MB = 16;
const MS_PER_SECOND = 1_000;
/** Of memory that all that waits may hold, by an estimate: what is parsed is a hundred times its text. */
const MAX_WAITING_BYTES = 64 * MIB;

export function createPlannerThreads(
  config: PlanningThreadsConfig,
  metrics: PlanningMetrics = createPlanningMetrics(),
): PlannerThreads {
  const threads = new Set<Thread>();
  const waiting = createWaitingJobs<Job>(config.maxWaiting, MAX_WAITING_BYTES);
  const shares = createThreadShares(config.threads, threads);
  let ids = 0;
  let relieving: NodeJS.Timeout | undefined;
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
      since: 0,
      job: undefined,
      timer: undefined,
    };
    threads.add(thread);
    metrics.threads = threads.size;
    metrics.threadsStarted += 1;
    worker.on('message', (message: FromThread) => hear(thread, message));
    worker.on('error', (error) =>
      end(thread, isOutOfMemory(error) ? outOfMemory(thread.job?.source !== undefined) : asError(error)),
    );
    worker.on('exit', () => end(thread, new Error('The planner thread has ended.')));
    const job = createJob(graph, undefined, 0, askerAt(undefined), 0, () => {}, failWaiting(graph));
    thread.job = job;
    open(thread, job);
  }

  /** Nobody can plan with a supergraph that no thread can read. */
  function failWaiting(graph: Graph): (error: Error) => void {
    return (error) => {
      for (const job of waiting) if (job.graph === graph) refuse(job, error);
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
      thread.since = performance.now();
      watch(thread, job, limitMs, () => void judge(thread, job, EXTENSIONS));
      send(thread, { kind: 'plan', job: id, supergraph: graph.id, source });
    }
  }

  /**
   * The time of a job is up by the clock. Where the thread got less than half of it, as the machine has others to serve, it
   * gets that time again, a few times at most, unless its client has had other operations that took too long.
   */
  async function judge(thread: Thread, job: Job, extensions: number): Promise<void> {
    const { limitMs } = job;
    const over = () => end(thread, timedOut(limitMs));
    if (extensions === 0 || waiting.isBehind(job.asker.first)) return over();
    watch(thread, job, limitMs, () => void judge(thread, job, extensions - 1));
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
        metrics.observePlanning((performance.now() - thread.since) / MS_PER_SECOND);
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
    const { job } = thread;
    if (!remove(thread, job === undefined ? 'idle' : reasonOf(why))) return;
    if (job?.source !== undefined) {
      metrics.observePlanning((performance.now() - thread.since) / MS_PER_SECOND);
      waiting.putBehind(job.asker.first);
    }
    job?.failed(why);
    // Whoever comes next should find one that is ready, also when the next one is as bad as this one.
    if (!disposed && threads.size < config.threads && job?.source !== undefined) start(job.graph);
    next();
  }

  function next(): void {
    for (;;) {
      const idle = [...threads].filter((thread) => thread.job === undefined);
      const first = idle.length === 0 ? undefined : waiting.take((client) => shares.mayTakeOne(client));
      if (first === undefined) break;
      clearTimeout(first.patience);
      if (first.source !== undefined) metrics.observeWait((performance.now() - first.since) / MS_PER_SECOND);
      const thread = idle.find(({ opened }) => opened.has(first.graph.id)) ?? idle[0];
      if (thread !== undefined) run(thread, first);
    }
    metrics.waiting = waiting.size;
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
    if (shares.crowding(waiting) !== undefined) relieving ??= setTimeout(relieve, CROWDED_MS).unref();
    else {
      clearTimeout(relieving);
      relieving = undefined;
    }
  }

  /** Takes a thread from whoever holds all of them, whose operation goes back into the line. */
  function relieve(): void {
    relieving = undefined;
    const client = shares.crowding(waiting);
    let last: Thread | undefined;
    for (const thread of threads) if (last === undefined || thread.since > last.since) last = thread;
    const job = last?.job;
    if (client === undefined || last === undefined || job === undefined) return;
    shares.leaveOne(client);
    last.job = undefined;
    remove(last, 'crowded');
    start(job.graph);
    enqueue(job);
  }

  /** Whoever comes while one operation takes long should find a thread that is ready. */
  function grow(): void {
    growing = undefined;
    const [job] = waiting;
    const graph = job?.graph ?? [...threads].find((thread) => thread.job !== undefined)?.job?.graph;
    if (graph !== undefined) start(graph);
  }

  function shrink(): void {
    shrinking = undefined;
    for (const thread of threads)
      if (threads.size > 1 && thread.job === undefined) end(thread, new Error('not needed any more'));
  }

  /** False when it was not there any more. */
  function remove(thread: Thread, reason: string): boolean {
    if (!threads.delete(thread)) return false;
    clearTimeout(thread.timer);
    void thread.worker.terminate();
    metrics.threads = threads.size;
    metrics.threadsEnded[reason] = (metrics.threadsEnded[reason] ?? 0) + 1;
    return true;
  }

  /** Takes a job out of the line for good. */
  function refuse(job: Job, error: Error): void {
    if (!waiting.remove(job)) return;
    clearTimeout(job.patience);
    job.failed(error);
  }

  function createJob(
    graph: Graph,
    source: string | undefined,
    limitMs: number,
    asker: Asker,
    bytes: number,
    done: Job['done'],
    failed: Job['failed'],
  ): Job {
    return {
      id: (ids += 1),
      graph,
      source,
      bytes,
      urgent: source === undefined,
      limitMs,
      asker,
      since: 0,
      patience: undefined,
      done,
      failed,
    };
  }

  function enqueue(job: Job): void {
    const crowdedOut = (other: Job): void => {
      clearTimeout(other.patience);
      other.failed(overloaded());
    };
    if (disposed || !waiting.add(job, crowdedOut)) return job.failed(overloaded());
    const isOwn = job.asker.client === undefined;
    const patienceMs = job.urgent ? OPENING_MS : isOwn ? OWN_LONGEST_WAIT_MS : LONGEST_WAIT_MS;
    job.since = performance.now();
    job.patience = setTimeout(() => refuse(job, overloaded()), patienceMs).unref();
    next();
  }

  function ask(
    graph: Graph,
    source: string | undefined,
    limitMs: number,
    asker = askerAt(undefined),
    bytes = 0,
  ): Promise<PlannedOperation | undefined> {
    return new Promise((resolve, reject) => {
      enqueue(createJob(graph, source, limitMs, asker, bytes, resolve, reject));
    });
  }

  return {
    open(sdl) {
      const graph: Graph = { id: (ids += 1), sdl, closed: false };
      return {
        async ready() {
          await ask(graph, undefined, OPENING_MS);
        },
        async plan(document, operation, { limitMs = config.timeoutMs, asker, text, bytes } = {}) {
          const definitions = document.definitions.filter(
            (node) => node === operation || node.kind === Kind.FRAGMENT_DEFINITION,
          );
          const isWhole = definitions.length === document.definitions.length;
          const whole = isWhole ? text : undefined;
          const source = whole ?? print({ kind: Kind.DOCUMENT, definitions });
          const planned = await ask(graph, source, limitMs, asker, bytes ?? source.length);
          if (planned === undefined) throw new Error('a plan was asked for, and none came');
          return planned;
        },
        join(asker, address) {
          waiting.join(asker, askerAt(address).client);
          next();
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
      clearTimeout(relieving);
      for (const job of waiting) refuse(job, overloaded());
      const ended = [...threads].map(({ worker }) => worker.terminate());
      for (const thread of threads) end(thread, overloaded());
      await Promise.all(ended);
    },
  };
}
