import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientsTask } from './clients.ts';
import { median } from '../median.ts';
import { type Measured, startHelper } from './processes.ts';

/** Connects, subscriptions and disconnects of one batch. */
export const CYCLES = 10_000;
/** After one that brings the process to its working size. */
const BATCHES = 8;
/** For the last sockets to be closed on both sides. */
const SETTLE_MS = 1_000;

/** After each batch, its garbage collected. */
export interface Memory {
  readonly heapKb: readonly number[];
  readonly residentKb: readonly number[];
}

export async function cycleInBatches(target: Measured): Promise<Memory> {
  await using clients = startHelper('./clients.ts');
  const task: ClientsTask = {
    do: 'cycle',
    url: target.url.replace('http', 'ws'),
    times: CYCLES,
    atOnce: 50,
  };
  const heapKb: number[] = [];
  const residentKb: number[] = [];
  for (let batch = 0; batch <= BATCHES; batch += 1) {
    await clients.ask(task);
    await sleep(SETTLE_MS);
    const used = await target.usedKb();
    if (batch === 0) continue;
    heapKb.push(used);
    residentKb.push(target.residentKb());
  }
  return { heapKb, residentKb };
}

/**
 * The median of what each batch added to the one before. V8 drops code and caches at one point or another: jumps, which
 * the median follows neither way. What leaks lifts every batch.
 */
export function heapKbPerBatch({ heapKb }: Memory): number {
  return median(heapKb.slice(1).map((kb, index) => kb - (heapKb[index] ?? Number.NaN)));
}

/**
 * Median of the later half of the batches over that of the earlier half. Allocators keep pages and give them back when
 * they like: single figures swing by some 25 MB on a busy machine. It is for leaks outside of V8's heap.
 */
export function residentKbGrown({ residentKb }: Memory): number {
  const half = residentKb.length >> 1;
  return median(residentKb.slice(half)) - median(residentKb.slice(0, half));
}

export function reportMemory(memory: Memory): void {
  const mb = (figures: readonly number[]) => figures.map((kb) => (kb / 1024).toFixed(1)).join('  ');
  console.log(`\nAfter each of ${BATCHES} batches of ${CYCLES} connects, subscriptions and disconnects`);
  console.table({
    'heap in use, MB': {
      'after each batch': mb(memory.heapKb),
      grown: `${heapKbPerBatch(memory).toFixed(0)} KB a batch`,
    },
    'resident, MB': {
      'after each batch': mb(memory.residentKb),
      grown: `${residentKbGrown(memory).toFixed(0)} KB, later half over earlier`,
    },
  });
}
