import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import type {
  OrderStatus,
  OrdersUpdatedSubscription,
  OrderUpdatedSubscription,
} from '#tests/documents/documents.generated.ts';
import type { Random } from '#tests/oracle/random.ts';
import type { Resume, Transport } from './transports.ts';
import type { Asked, Ending, Wire } from './wire.ts';

/** One client that follows one order, or all of them, from the first change on, and comes back while there may be more. */
export interface Follower {
  readonly name: string;
  /** An order's id, or {@link ALL_ORDERS}. */
  readonly follows: string;
  /** Every version (of all orders: every position) it was told of, over all its connections, as it came. */
  readonly seen: readonly number[];
  /** What no client should see. */
  readonly problems: readonly string[];
  /** Why it had to come back, each time. */
  readonly losses: readonly string[];
  /** Connections tried so far. */
  readonly connections: number;
  /** Settles when the order's stream has come to its end, which that of all orders does not. */
  readonly done: Promise<void>;
  readonly settled: boolean;
  /** Destroys its connection. False when it has none just now. */
  cut(): boolean;
}

export interface FollowerOptions {
  readonly transport: Transport;
  readonly resume: Resume;
  readonly url: string;
  readonly authorization: string;
  readonly query: string;
  readonly follows: string;
  readonly random: Random;
  /** Aborted, it leaves for good. */
  readonly leaving: AbortSignal;
}

export const ALL_ORDERS = 'all orders';
const FINAL: readonly OrderStatus[] = ['DELIVERED', 'CANCELLED', 'REJECTED'];
const COMES_BACK_AT_THE_END_PERCENT = 30;
const COMES_BACK_WITHIN_MS = 1_000;

export function startFollower(options: FollowerOptions): Follower {
  const { transport, resume, follows, random, leaving } = options;
  const seen: number[] = [];
  const problems: string[] = [];
  const losses: string[] = [];
  let status: OrderStatus | undefined;
  let cursor: string | undefined;
  let completed = false;
  let connections = 0;
  let wire: Wire | undefined;

  function asked(): Asked {
    const { url, authorization, query } = options;
    const from = (after: number) => ({ ...(follows !== ALL_ORDERS && { id: follows }), after });
    if (resume === 'argument') return { url, authorization, query, variables: from(seen.at(-1) ?? 0) };
    const resumed = cursor === undefined ? {} : { cursor: { in: resume, value: cursor } };
    return { url, authorization, query, variables: from(0), ...resumed };
  }

  function take({ data, errors, extensions }: ExecutionResult): void {
    const { orderUpdated, ordersUpdated } = (data ?? {}) as Partial<
      OrderUpdatedSubscription & OrdersUpdatedSubscription
    >;
    const place = orderUpdated?.version ?? ordersUpdated?.position;
    if (place == null) {
      problems.push(`an event without an update: ${JSON.stringify(errors)}`);
      return;
    }
    seen.push(place);
    status = orderUpdated?.status;
    cursor = String(extensions?.['cursor']);
  }

  /** True when the follower comes back. */
  function comesBack(ending: Ending): boolean {
    if (ending.kind === 'lost') {
      losses.push(ending.why.replace(/[\d.]+:\d+/, 'the gateway'));
      return true;
    }
    if (ending.kind === 'completed') {
      if (status === undefined || !FINAL.includes(status)) problems.push(`completed at ${status}`);
      // As one would whose connection broke just before it heard that this was all.
      const again = !completed && random.chance(COMES_BACK_AT_THE_END_PERCENT);
      completed = true;
      return again;
    }
    if (ending.errors.every(({ extensions }) => extensions?.['retryable'] === true)) {
      losses.push(...ending.errors.map(({ extensions }) => String(extensions?.['code'])));
      return true;
    }
    problems.push(`refused: ${JSON.stringify(ending.errors)}`);
    return false;
  }

  async function follow(): Promise<void> {
    while (!leaving.aborted) {
      let open = true;
      connections += 1;
      wire = transport.connect(asked(), (result) => open && take(result));
      const ending = await wire.ended;
      // What a dead connection still held is not the client's any more: it asks for it anew.
      open = false;
      wire = undefined;
      if (!comesBack(ending)) return;
      await pause(random.below(COMES_BACK_WITHIN_MS));
    }
  }

  let settled = false;
  const done = follow().finally(() => {
    settled = true;
  });
  const cut = () => wire?.cut() ?? false;
  leaving.addEventListener('abort', cut);
  return {
    name: `${transport.name}, resumed by ${resume}`,
    follows,
    seen,
    problems,
    losses,
    get connections() {
      return connections;
    },
    done,
    get settled() {
      return settled;
    },
    cut,
  };
}
