// What ends a thread, or keeps it from being asked, and what is told of it.
import type { Worker } from 'node:worker_threads';
import { OperationError, refusedOperation } from '#gateway/planning/operation-error.ts';
import { SupergraphError } from '#gateway/supergraph/supergraph.ts';
import type { Failure } from './messages.ts';

/** 0 when the thread has ended. */
export async function heapBytes(worker: Worker): Promise<number> {
  try {
    return (await worker.getHeapStatistics()).used_heap_size;
  } catch {
    return 0;
  }
}

/** `undefined` when the thread has ended. */
export async function cpuMs(worker: Worker): Promise<number | undefined> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1_000;
  } catch {
    return undefined;
  }
}

export function timedOut(limitMs: number): OperationError {
  return refusedOperation(
    `Planning the operation takes more than ${limitMs} ms. Ask for less at once.`,
    'PLANNING_TIMED_OUT',
  );
}

export function overloaded(): OperationError {
  return refusedOperation(
    'Too many new operations wait to be planned. Try again in a moment.',
    'PLANNING_OVERLOADED',
    true,
  );
}

export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}

/** @param isPlanning or else it reads a supergraph */
export function outOfMemory(isPlanning: boolean): Error {
  return !isPlanning
    ? openingFailed('it takes more memory than PLANNING_MEMORY_MB allows')
    : refusedOperation(
        'Planning the operation takes too much memory. Ask for less at once.',
        'OPERATION_TOO_COMPLEX',
      );
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

export function openingFailed(why: string): SupergraphError {
  return new SupergraphError(`the supergraph cannot be read for planning: ${why}`);
}

export function errorOf({ message, code }: Failure): Error {
  return code === undefined ? new Error(message) : refusedOperation(message, code);
}

/** Why a thread that had something to do has ended, in one word. */
export function reasonOf(why: Error): 'time' | 'memory' | 'failed' {
  const code = why instanceof OperationError ? why.errors[0]?.extensions['code'] : undefined;
  if (code === 'PLANNING_TIMED_OUT') return 'time';
  return code === 'OPERATION_TOO_COMPLEX' ? 'memory' : 'failed';
}
