import type { Cursor } from '#gateway/live/live-event.ts';
import type { HttpFraming } from './framing.ts';

/*
 * Server-sent events, one answer an operation:
 * https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#distinct-connections-mode
 */

const LINE_ENDS = /[\r\n\0]/;

/** Each event's cursor is its `id`, which browsers and clients send back as `Last-Event-ID`. */
export const sse: HttpFraming = {
  name: 'sse',
  contentType: 'text/event-stream; charset=utf-8',
  // A comment, so that whoever waits for the first byte knows that the stream stands.
  opening: ':\n\n',
  // Without data it is no event, but what a browser sends as `Last-Event-ID` when it comes back (HTML, 9.2.6).
  position: (cursor) => `${idLine(cursor)}\n`,
  event(payload, cursor) {
    const id = cursor === undefined ? '' : idLine(cursor);
    return Buffer.concat([Buffer.from(`event: next\n${id}data: `), payload, Buffer.from('\n\n')]);
  },
  ending: (end) =>
    `${end.kind === 'failed' ? `event: next\ndata: ${JSON.stringify({ errors: end.errors })}\n\n` : ''}event: complete\ndata: \n\n`,
  // A stream that ends without `complete` has been lost, and clients try again.
  comeBack: '',
  heartbeat: ':\n\n',
};

function idLine(cursor: Cursor): string {
  return LINE_ENDS.test(String(cursor)) ? '' : `id: ${cursor}\n`;
}
