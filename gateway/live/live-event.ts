import { toDouble, wholeText } from '#gateway/json/exact-json.ts';

/** Where an event stands in its stream; what a subgraph puts into `extensions.cursor`. Opaque, and different for each event. */
export type Cursor = string | number;

/** One event as every client of a stream gets it: serialised once, framed once for all that frame it alike. */
export interface LiveEvent {
  /** JSON of the execution result, cursor included. */
  readonly payload: string;
  readonly cursor: Cursor | undefined;
  /** `build`'s bytes for `key`, built once for all clients that give the same key. */
  bytes(key: string, build: (payload: Buffer) => Buffer): Buffer;
}

/** Clients tend to choose either the same few operation ids or never the same; only the former is worth keeping. */
const MAX_KEPT_FRAMINGS = 8;

export function createLiveEvent(payload: string, cursor?: Cursor): LiveEvent {
  const framings = new Map<string, Buffer>();
  let utf8: Buffer | undefined;
  return {
    payload,
    cursor,
    bytes(key, build) {
      let framed = framings.get(key);
      if (framed !== undefined) return framed;
      utf8 ??= Buffer.from(payload);
      framed = build(utf8);
      if (framings.size < MAX_KEPT_FRAMINGS) framings.set(key, framed);
      return framed;
    },
  };
}

/** The cursor that a subgraph gave, if it gave one. A number that no double holds is its text from now on. */
export function readCursor(value: unknown): Cursor | undefined {
  const cursor = wholeText(value) ?? toDouble(value);
  return isCursor(cursor) ? cursor : undefined;
}

export function isCursor(value: unknown): value is Cursor {
  return typeof value === 'string' || typeof value === 'number';
}

/** A cursor that came back through `Last-Event-ID` is text, whatever the subgraph had made of it. */
export function sameCursor(a: Cursor | undefined, b: Cursor | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && String(a) === String(b));
}
