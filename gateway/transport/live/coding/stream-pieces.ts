import type { LiveEvent } from '#gateway/live/live-event.ts';
import type { HttpFraming } from '#gateway/transport/live/http/framing.ts';
import { createStreamEncoder, deflated, type StreamCoding } from './stream-coding.ts';

/** The bytes of one answer that streams, piece by piece and in this order: each can be read as soon as it is there. */
export interface StreamPieces {
  readonly opening: Buffer | string;
  event(event: LiveEvent): Buffer;
  /** Anything else. */
  text(text: string): Buffer | string;
  /** The last bytes. */
  last(text: string): Buffer | string;
}

/** Without state: one for all streams of a framing. */
export function plainPieces(framing: HttpFraming): StreamPieces {
  return {
    opening: framing.opening,
    event: (event) => framed(framing, event),
    text: (text) => text,
    last: (text) => text,
  };
}

/** For one stream. What is deflated is deflated once for all streams that say it. */
export function encodedPieces(framing: HttpFraming, coding: StreamCoding): StreamPieces {
  const encoder = createStreamEncoder(coding);
  const key = `${framing.name} deflated`;

  function encode(text: string): Buffer {
    const plain = Buffer.from(text);
    encoder.add(plain);
    if (text !== framing.heartbeat && text !== framing.opening) return deflated(plain);
    let kept = repeated.get(text);
    if (kept === undefined) repeated.set(text, (kept = deflated(plain)));
    return kept;
  }

  return {
    opening: Buffer.concat([encoder.opening, encode(framing.opening)]),
    event(event) {
      const plain = framed(framing, event);
      encoder.add(plain);
      return event.bytes(key, () => deflated(plain));
    },
    text: encode,
    last: (text) => Buffer.concat([encode(text), encoder.ending()]),
  };
}

/** What framings say over and over, deflated. */
const repeated = new Map<string, Buffer>();

function framed(framing: HttpFraming, event: LiveEvent): Buffer {
  return event.bytes(framing.name, (payload) => framing.event(payload, event.cursor));
}
