import type { Cursor } from '#gateway/live/live-event.ts';
import type { StreamEnd } from '#gateway/live/subscriber.ts';
import type { ForwardedHeaders, SubgraphAnswer, SubgraphRequest } from '#gateway/subgraphs/calls/calls.ts';

export interface UpstreamSink {
  /** Where to resume: the last event received, or where the stream is to begin. */
  cursor(): Cursor | undefined;
  /** The subscribe message has been sent. */
  asked(): void;
  next(answer: SubgraphAnswer): void;
  end(end: StreamEnd): void;
}

/** One stream, on whichever socket it is. */
export interface UpstreamStream {
  readonly request: SubgraphRequest;
  readonly headers: ForwardedHeaders;
  readonly sink: UpstreamSink;
  /** A new one for each subscribe message: what a subgraph still says about an old one is not meant for the resumed stream. */
  id: string;
  /** When the subgraph was asked last, in ms; 0 before that. */
  askedAt: number;
  /** It has been served at some time. */
  proven: boolean;
}
