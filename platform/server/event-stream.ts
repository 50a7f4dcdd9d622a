import { createSourceEventStream, execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { unauthenticated } from '#platform/errors/graphql-errors.ts';
import type { RequestContext } from './request-context.ts';

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

/**
 * `subscribe` of graphql-js with two differences: every event is executed with a context of its own, so that no loader
 * answers from an earlier event's cache, and the event's cursor travels in `extensions.cursor`; a position is a payload
 * with that and nothing else. The stream ends with UNAUTHENTICATED once the actor's token has.
 */
export async function subscribeWithCursor<Context extends RequestContext>(
  args: ExecutionArgs,
  freshContext: () => Context,
): Promise<Results> {
  const source = await createSourceEventStream(args);
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]() as AsyncIterator<StreamEvent | StreamPosition>;
  let ended = false;

  // Not a generator: its return() would wait for the next event before it lets go of the source.
  const results: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => results,
    async next() {
      if (ended) return { done: true, value: undefined };
      const { done, value: event } = await events.next();
      if (done || ended) return { done: true, value: undefined };
      const contextValue = freshContext();
      if (hasExpired(contextValue)) {
        await results.return?.();
        return {
          done: false,
          value: { errors: [unauthenticated('The access token has expired: refresh the session.')] },
        };
      }
      const result = isPosition(event) ? {} : await execute({ ...args, contextValue, rootValue: event });
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
}

function isPosition(event: StreamEvent | StreamPosition): event is StreamPosition {
  return 'positionOnly' in event;
}

function hasExpired({ actor }: RequestContext): boolean {
  return actor.kind === 'user' && actor.expiresAt.getTime() <= Date.now();
}
