import type { ForwardedHeaders } from '#gateway/subgraphs/calls/calls.ts';
import { type Cursor, sameCursor } from './live-event.ts';
import type { LiveMetrics } from './live-metrics.ts';
import { createStream, type LivePlan, type Member, type Stream, type StreamDeps } from './stream.ts';
import type { StreamEnd } from './subscriber.ts';

/*
 * All clients of one operation, one set of variables and one identity. They share one stream once they stand at the
 * same event. Who comes later, or comes back, may have to be served apart for a while:
 *
 *   a cursor at which a stream stands          joins that stream
 *   any other cursor                           gets a stream from there, which replays what is missing
 *   no cursor, and the events have none        joins: nothing can be resumed, so it starts with the next event
 *   no cursor, and the events have them        gets a new stream, as it may begin with an event that describes now;
 *                                              others without a cursor join until that stream has delivered something
 *
 * Whenever a stream delivers an event at which another one stands, the two become one.
 */

export interface Group {
  /** The subgraph gets to see the clients' token. */
  readonly isToldWhoAsks: boolean;
  readonly size: number;
  join(member: Member, cursor: Cursor | undefined): void;
  /** Leaves; the last member of a stream ends it, upstream too, before this returns. */
  leave(member: Member): void;
  replan(plan: LivePlan): void;
  /** Ends all streams at once and gives back the members, who are not told. */
  dissolve(): Member[];
}

export interface GroupDeps extends Omit<StreamDeps, 'onDelivered' | 'onEnd'> {
  readonly metrics: LiveMetrics;
  onEmpty(): void;
  /** The members' stream has ended. They have left the group. */
  onEnd(members: Iterable<Member>, end: StreamEnd): void;
}

export function createGroup(firstPlan: LivePlan, headers: ForwardedHeaders, deps: GroupDeps): Group {
  /** Oldest first. */
  const streams = new Set<Stream>();
  let plan = firstPlan;

  function streamFor(cursor: Cursor | undefined): Stream {
    for (const stream of streams) {
      if (cursor === undefined ? stream.open : sameCursor(stream.position, cursor)) return stream;
    }
    const stream = createStream(plan, headers, cursor, { ...deps, onDelivered: mergeInto, onEnd: ended });
    streams.add(stream);
    return stream;
  }

  function mergeInto(stream: Stream): void {
    if (streams.size === 1 || stream.position === undefined) return;
    for (const other of streams) {
      if (other === stream || !sameCursor(other.position, stream.position)) continue;
      const [older, younger] = isBefore(other, stream) ? [other, stream] : [stream, other];
      for (const member of younger.members) {
        member.stream = older;
        older.members.add(member);
      }
      remove(younger);
      deps.metrics.streamsMerged += 1;
      if (younger === stream) return;
    }
  }

  function isBefore(a: Stream, b: Stream): boolean {
    for (const stream of streams) {
      if (stream === a || stream === b) return stream === a;
    }
    return false;
  }

  function ended(stream: Stream, end: StreamEnd): void {
    const members = [...stream.members];
    remove(stream);
    for (const member of members) member.stream = undefined;
    if (streams.size === 0) deps.onEmpty();
    deps.onEnd(members, end);
  }

  function remove(stream: Stream): void {
    streams.delete(stream);
    stream.members.clear();
    stream.close();
  }

  return {
    isToldWhoAsks: headers['authorization'] !== undefined,
    get size() {
      let size = 0;
      for (const stream of streams) size += stream.members.size;
      return size;
    },
    join(member, cursor) {
      const stream = streamFor(cursor);
      member.stream = stream;
      stream.members.add(member);
      if (cursor === undefined && stream.position !== undefined)
        member.subscriber.position?.(stream.position);
    },
    leave(member) {
      const { stream } = member;
      if (stream === undefined) return;
      member.stream = undefined;
      stream.members.delete(member);
      if (stream.members.size > 0) return;
      remove(stream);
      if (streams.size === 0) deps.onEmpty();
    },
    replan(next) {
      plan = next;
      for (const stream of streams) stream.replan(next);
    },
    dissolve() {
      const members: Member[] = [];
      for (const stream of streams) {
        members.push(...stream.members);
        remove(stream);
      }
      for (const member of members) member.stream = undefined;
      return members;
    },
  };
}
