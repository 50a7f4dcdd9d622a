import type { GraphQLFormattedError } from 'graphql';
import type { ForwardedHeaders } from '#gateway/subgraphs/calls/calls.ts';
import type { Cursor, LiveEvent } from './live-event.ts';

/** A GraphQL request from a live transport. `extensions.cursor` resumes behind the event that had it. */
export interface LiveRequest {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** Who asks, and where they stand when the transport knows it (`Last-Event-ID`). */
export interface SubscriberContext {
  readonly headers: ForwardedHeaders;
  readonly cursor?: Cursor | undefined;
  readonly requestId?: string | undefined;
}

/**
 * How an operation ended. `failed` ends it as a whole, before or after events; errors of single fields are in events.
 * Errors with `extensions.retryable` are worth another try, with the last cursor.
 */
export type StreamEnd =
  | { readonly kind: 'completed' }
  | { readonly kind: 'failed'; readonly errors: readonly GraphQLFormattedError[] };

/** One client's operation, as a transport receives it. After `end` comes nothing; it may come before `subscribe` returns. */
export interface Subscriber {
  /** Where the stream stands, before its first event: for transports that have a way to say so. */
  position?(cursor: Cursor): void;
  next(event: LiveEvent): void;
  end(end: StreamEnd): void;
}

export interface Subscription {
  /** A query or mutation: it ends by itself, and should be let. */
  readonly once: boolean;
  /** Leaves at once; the subscriber hears nothing more. */
  stop(): void;
  /** Goes on under other headers, where the stream stands. */
  renew(headers: ForwardedHeaders): void;
}

export const COMPLETED: StreamEnd = Object.freeze({ kind: 'completed' });

/** The end of a stream for a reason of the gateway's own. */
export function failure(code: string, message: string, extensions: Record<string, unknown> = {}): StreamEnd {
  return { kind: 'failed', errors: [{ message, extensions: { code, ...extensions } }] };
}
