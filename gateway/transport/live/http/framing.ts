import type { Cursor } from '#gateway/live/live-event.ts';
import type { StreamEnd } from '#gateway/live/subscriber.ts';

/** How one operation's events are written into one HTTP answer. Without state. */
export interface HttpFraming {
  readonly name: string;
  readonly contentType: string;
  readonly opening: string;
  /** Tells the client's library where to resume without an event; undefined where it has no ear for that. */
  position?(cursor: Cursor): string;
  event(payload: Buffer, cursor: Cursor | undefined): Buffer;
  /** The last bytes of a stream that has ended. */
  ending(end: StreamEnd): string;
  /** The last bytes when the gateway stops, from which the client knows to come back. */
  readonly comeBack: string;
  readonly heartbeat: string;
}
