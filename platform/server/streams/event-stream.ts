import { setTimeout as delay } from 'node:timers/promises';
import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { isTransient } from '#platform/postgres/database.ts';
import { endOf, type HasEnded } from '#platform/server/ended-sessions.ts';
import type { RequestContext } from '#platform/server/request-context.ts';

/** What a subscription's source yields: the root value of one event, and where in its log the event stands. */
export interface StreamEvent {
  /** Handed to the client with the event; handed back by it, the stream goes on behind this event. */
  readonly cursor: string | number;
}

/** What the source may yield instead: where the stream stands, without an event. */
export interface StreamPosition {
  readonly cursor: string | number;
  readonly positionOnly: true;
}

/**
 * `events`, and before them the place they begin behind. For a stream that was not told where to begin and may have
 * nothing to say for long: whoever loses it before its first event could not know where to go on.
 */
export function toldWhereItBegins<Event extends StreamEvent>(
  cursor: string | number,
  events: AsyncIterableIterator<Event>,
): AsyncIterableIterator<Event | StreamPosition> {
  let told = false;
  const stream: AsyncIterableIterator<Event | StreamPosition> = {
    [Symbol.asyncIterator]: () => stream,
    async next() {
      if (told) return events.next();
      told = true;
      return { done: false, value: { cursor, positionOnly: true } };
    },
    return: async () => events.return?.() ?? { done: true, value: undefined },
  };
  return stream;
}

type Results = AsyncIterable<ExecutionResult> | ExecutionResult;

/** How long a stream or an event may wait for a database that is away, before it is given up. */
const AWAY_AT_MOST_MS = 30_000;
const RETRY_MS = 250;

/**
 * `subscribe` of graphql-js with these differences: every event is executed with a context of its own, so that no loader
 * answers from an earlier event's cache; what comes to nothing because the database is away is tried again; the event's
 * cursor travels in `extensions.cursor`; a position is a payload with that and nothing else. The stream ends with
 * UNAUTHENTICATED once the actor's token or session has.
 */
export async function subscribeWithCursor<Context extends RequestContext>(
  args: ExecutionArgs,
  freshContext: () => Context,
  hasEnded: HasEnded = async () => false,
): Promise<Results> {
  let ended = false;
  const refused = await patiently(() => endOf(freshContext().actor, hasEnded));
  if (refused !== null) return { errors: [refused] };
  const source = await insist((contextValue) => createSourceEventStream({ ...args, contextValue }));
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]() as AsyncIterator<StreamEvent | StreamPosition>;

  // Not a generator: its return() would wait for the next event before it lets go of the source.
  const results: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => results,
    async next() {
      if (ended) return { done: true, value: undefined };
      const { done, value: event } = await events.next();
      if (done || ended) return { done: true, value: undefined };
      const end = await patiently(() => endOf(freshContext().actor, hasEnded));
      if (end !== null) {
        await results.return?.();
        return { done: false, value: { errors: [end] } };
      }
      const result = isPosition(event)
        ? {}
        : await insist((contextValue) => execute({ ...args, contextValue, rootValue: event }));
      if (ended) return { done: true, value: undefined };
      return {
        done: false,
        value: { ...result, extensions: { ...result.extensions, cursor: String(event.cursor) } },
      };
    },
    async return() {
      ended = true;
      await events.return?.();
      return { done: true, value: undefined };
    },
  };
  return results;

  async function insist<Result extends object>(
    attempt: (contextValue: Context) => Result | Promise<Result>,
  ): Promise<Result> {
    for (const deadline = performance.now() + AWAY_AT_MOST_MS; ; await delay(RETRY_MS)) {
      const result = await attempt(freshContext());
      if (ended || !hasFailedForNow(result) || performance.now() > deadline) return result;
    }
  }
}

/** What rejects because the database is away is tried again, for as long as an event may wait. */
async function patiently<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (const deadline = performance.now() + AWAY_AT_MOST_MS; ; await delay(RETRY_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isTransient(error) || performance.now() > deadline) throw error;
    }
  }
}

/**
 * An event's cursor would go on without it: to its reader, one without data is one that never was. And whoever resumes a
 * stream and is refused does not try again.
 */
function hasFailedForNow({ data, errors = [] }: Partial<ExecutionResult>): boolean {
  return data == null && errors.some(({ originalError }) => isTransient(originalError));
}

function isPosition(event: StreamEvent | StreamPosition): event is StreamPosition {
  return 'positionOnly' in event;
}
