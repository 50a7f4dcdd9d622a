import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { CompiledSubscription, EngineResult, Variables } from '#gateway/execution/compiled-operation.ts';
import type {
  ForwardedHeaders,
  SubgraphAnswer,
  SubgraphRequest,
  Upstreams,
} from '#gateway/subgraphs/calls/calls.ts';
import { createLiveEvent, type Cursor, type LiveEvent, readCursor } from './live-event.ts';
import type { LiveMetrics } from './live-metrics.ts';
import { failure, type StreamEnd, type Subscriber } from './subscriber.ts';
import type { UpstreamStreams } from '#gateway/subgraphs/streams/upstream-streams.ts';

/*
 * One upstream subscription and the clients that share it. Events are completed at the same time, delivered in order.
 * A stream whose events carry cursors can be left and taken up again: after a lost connection, when the plan changes,
 * and when more events wait for their entities than it may keep ("behind": it stops listening until it has caught up).
 */

/** What a stream runs on; replaced as a whole when the supergraph changes. */
export interface LivePlan {
  readonly compiled: CompiledSubscription;
  readonly variables: Variables;
  readonly request: SubgraphRequest;
  readonly target: { readonly subgraph: string; readonly url: string };
}

/** One client of a stream. */
export interface Member {
  readonly subscriber: Subscriber;
  stream: Stream | undefined;
}

export interface Stream {
  readonly members: Set<Member>;
  /** Cursor of the last event delivered, or where the stream began; undefined when its events have none. */
  readonly position: Cursor | undefined;
  /** When the subgraph was asked first, in ms; 0 before that. */
  readonly askedAt: number;
  /** A client that gives no cursor may join: it misses nothing that it would get from a stream of its own. */
  readonly open: boolean;
  /** Goes on with another plan, where it stands. */
  replan(plan: LivePlan): void;
  /** Ends it at once, upstream too; the members are not told. */
  close(): void;
}

export interface StreamDeps {
  readonly upstreamStreams: UpstreamStreams;
  readonly upstreams: Upstreams;
  readonly maxPendingEvents: number;
  readonly metrics: LiveMetrics;
  /** Errors as clients may see them. */
  mask(result: EngineResult): EngineResult;
  onDelivered(stream: Stream): void;
  /** The stream ended by itself; it is closed already. */
  onEnd(stream: Stream, end: StreamEnd): void;
}

const MS_PER_SECOND = 1_000;

interface Pending {
  readonly cursor: Cursor | undefined;
  readonly arrivedAt: number;
  /** Undefined until completed. `null`: nothing to deliver. */
  outcome: LiveEvent | { end: StreamEnd } | null | undefined;
}

export function createStream(
  firstPlan: LivePlan,
  headers: ForwardedHeaders,
  from: Cursor | undefined,
  deps: StreamDeps,
): Stream {
  const { metrics } = deps;
  const members = new Set<Member>();
  const pending: Pending[] = [];
  const closing = new AbortController();
  const context = { upstreams: deps.upstreams, headers, signal: closing.signal };
  let plan = firstPlan;
  let position = from;
  let received = from;
  let askedAt = 0;
  /** It was taken up again without a cursor: what was sent in between is lost. */
  let gap = false;
  let delivered = false;
  let behind = false;
  let closed = false;
  let stopUpstream = listen();

  const stream: Stream = {
    members,
    get position() {
      return position;
    },
    get askedAt() {
      return askedAt;
    },
    get open() {
      return from === undefined && (!delivered || position === undefined);
    },
    replan(next) {
      const same = sameUpstream(plan, next);
      plan = next;
      if (same || behind || closed) return;
      stopUpstream();
      stopUpstream = listen();
    },
    close() {
      if (closed) return;
      closed = true;
      metrics.streams -= 1;
      stopUpstream();
      closing.abort();
    },
  };
  metrics.streams += 1;
  metrics.streamsTotal += 1;
  return stream;

  function listen(): () => void {
    return deps.upstreamStreams.open(plan.target, plan.request, headers, {
      cursor: () => received,
      asked() {
        if (askedAt > 0 && received === undefined) gap = true;
        askedAt ||= Date.now();
      },
      next: receive,
      end: (end) => settle(enqueue(undefined), { end: end.kind === 'failed' ? refusal(end.errors) : end }),
    });
  }

  function receive(answer: SubgraphAnswer): void {
    if (closed || behind) return;
    const cursor = readCursor(answer.extensions?.['cursor']);
    if (cursor !== undefined) received = cursor;
    const item = enqueue(cursor);
    // Nothing but a cursor: the subgraph says where the stream stands, so that it can be resumed before its first event.
    if (answer.data === undefined && answer.errors === undefined && cursor !== undefined) {
      metrics.positions += 1;
      return settle(item, null);
    }
    // Errors and no data at all: the subgraph refuses the operation, now or from now on (GraphQL, "request error").
    if (answer.data === undefined && answer.errors !== undefined) {
      return settle(item, { end: refusal(answer.errors) });
    }
    metrics.events += 1;
    const isAfterGap = gap;
    gap = false;
    void complete(answer, cursor, isAfterGap)
      .catch((error: unknown) => failedEvent(error, cursor, isAfterGap))
      .then((event) => settle(item, event));
    if (pending.length >= deps.maxPendingEvents) fallBehind();
  }

  function refusal(errors: readonly GraphQLFormattedError[]): StreamEnd {
    const service = plan.target.subgraph;
    return {
      kind: 'failed',
      errors: errors.map(({ message, extensions }) => ({
        message,
        extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', ...extensions, service },
      })),
    };
  }

  function enqueue(cursor: Cursor | undefined): Pending {
    const item: Pending = { cursor, arrivedAt: performance.now(), outcome: undefined };
    pending.push(item);
    return item;
  }

  async function complete(
    answer: SubgraphAnswer,
    cursor: Cursor | undefined,
    isAfterGap: boolean,
  ): Promise<LiveEvent> {
    const result = deps.mask(await plan.compiled.resolveEvent(answer, plan.variables, context));
    if (cursor === undefined && !isAfterGap) return createLiveEvent(JSON.stringify(result));
    const extensions = { ...result.extensions, cursor, ...(isAfterGap && { gap: true }) };
    return createLiveEvent(JSON.stringify({ ...result, extensions }), cursor);
  }

  /** An event that cannot be completed or written down is an error in its own place; those after it come as ever. */
  function failedEvent(error: unknown, cursor: Cursor | undefined, isAfterGap: boolean): LiveEvent {
    const originalError = error instanceof Error ? error : new Error(String(error));
    const told = new GraphQLError('Internal server error', {
      originalError,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
    const { errors } = deps.mask({ errors: [told] });
    const extensions = { cursor, ...(isAfterGap && { gap: true }) };
    return createLiveEvent(JSON.stringify({ data: null, errors, extensions }), cursor);
  }

  function fallBehind(): void {
    stopUpstream();
    behind = true;
    if (received !== undefined) return;
    settle(enqueue(undefined), {
      end: failure('SUBSCRIPTION_OVERLOADED', 'Events came faster than they could be completed.', {
        retryable: true,
      }),
    });
  }

  function settle(item: Pending, outcome: Pending['outcome']): void {
    item.outcome = outcome;
    while (!closed && pending[0]?.outcome !== undefined) {
      const head = pending.shift();
      if (head?.outcome !== undefined) deliver(head, head.outcome);
    }
    if (closed || !behind || pending.length > 0) return;
    behind = false;
    stopUpstream = listen();
  }

  /** What goes wrong with one client's delivery must not keep the event from the others. */
  function give(member: Member, event: LiveEvent): void {
    try {
      member.subscriber.next(event);
    } catch {
      members.delete(member);
      member.stream = undefined;
      member.subscriber.end(failure('INTERNAL_SERVER_ERROR', 'Internal server error', { retryable: true }));
    }
  }

  function deliver(item: Pending, outcome: LiveEvent | { end: StreamEnd } | null): void {
    if (outcome !== null && 'end' in outcome) {
      stream.close();
      return deps.onEnd(stream, outcome.end);
    }
    if (item.cursor !== undefined) position = item.cursor;
    if (outcome === null && position !== undefined) {
      for (const { subscriber } of members) subscriber.position?.(position);
    }
    if (outcome !== null) {
      delivered = true;
      metrics.observeLag((performance.now() - item.arrivedAt) / MS_PER_SECOND);
      metrics.deliveries += members.size;
      for (const member of members) give(member, outcome);
    }
    if (!closed) deps.onDelivered(stream);
  }
}

function sameUpstream(a: LivePlan, b: LivePlan): boolean {
  return (
    a.target.subgraph === b.target.subgraph &&
    a.target.url === b.target.url &&
    JSON.stringify(a.request) === JSON.stringify(b.request)
  );
}
