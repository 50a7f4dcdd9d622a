import { LRUCache } from 'lru-cache';

/** The framings that answers may be streamed in. */
export type StreamName = 'sse' | 'multipart';

/** What a client takes, most welcome first where there is a choice. */
export interface WantedAnswer {
  /** The content type of an answer in one piece; undefined when it takes none. */
  readonly json: string | undefined;
  /**
   * `application/json` was asked for by that name: as ever, the status then tells of HTTP, and is 200 for a request whose
   * fault is in its GraphQL. Whoever names no type gets the status that belongs to the answer.
   */
  readonly plainStatus: boolean;
  readonly streams: readonly StreamName[];
  /** It is a browser that would show a page. */
  readonly page: boolean;
}

/** One item of a header such as `Accept` (RFC 9110, 12.4 and 12.5). Names are in lower case. */
export interface Weighted {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** From 0, not at all, to 1. */
  readonly weight: number;
}

const JSON_TYPE = 'application/json';
const GRAPHQL_JSON_TYPE = 'application/graphql-response+json';
/** In the order of preference where a client has none. */
const JSON_TYPES = [JSON_TYPE, GRAPHQL_JSON_TYPE];
const EVENT_STREAM_TYPE = 'text/event-stream';
const MULTIPART_TYPE = 'multipart/mixed';
const REMEMBERED = 100;
/** What is longer than any usual header is read each time. */
const LONGEST_REMEMBERED = 500;

const ANYTHING: WantedAnswer = {
  json: `${JSON_TYPE}; charset=utf-8`,
  plainStatus: false,
  streams: [],
  page: false,
};
const remembered = new LRUCache<string, WantedAnswer>({ max: REMEMBERED });

/**
 * Reads `Accept` (RFC 9110, 12.5.1), for every transport over HTTP. The most specific range that covers a type says what
 * it weighs; of types that weigh the same the one that is named first comes first. A stream has to be asked for: that
 * anything is welcome does not ask for one.
 */
export function wantedAnswer(accept: string | undefined): WantedAnswer {
  if (accept === undefined || accept === '*/*') return ANYTHING;
  let wanted = remembered.get(accept);
  if (wanted === undefined) {
    wanted = read(accept);
    if (accept.length <= LONGEST_REMEMBERED) remembered.set(accept, wanted);
  }
  return wanted;
}

function read(accept: string): WantedAnswer {
  const ranges = readWeighted(accept);
  if (ranges.length === 0) return ANYTHING;
  const [json] = inOrder(JSON_TYPES.map((type) => welcome(type, ranges, ['application/*', '*/*', '*'])));
  const streams = inOrder([
    welcome(EVENT_STREAM_TYPE, ranges, ['text/*']),
    welcome(MULTIPART_TYPE, ranges.filter(isSubscriptionSpec), []),
  ]);
  return {
    json: json && `${json.type}; charset=utf-8`,
    plainStatus: json?.type === JSON_TYPE && ranges.some(({ name }) => name === JSON_TYPE),
    streams: streams.map(({ type }) => (type === EVENT_STREAM_TYPE ? 'sse' : 'multipart')),
    page: ranges.some(({ name, weight }) => name === 'text/html' && weight > 0),
  };
}

/**
 * The framing in which an operation is answered; undefined for one piece. Subscriptions need one. Anything else gets one
 * when nothing but a stream is welcome, and then events: multipart is for subscriptions alone.
 */
export function chooseStream(
  { json, streams }: WantedAnswer,
  kind: 'query' | 'mutation' | 'subscription' | undefined,
): StreamName | undefined {
  if (kind === 'subscription') return streams[0];
  return json === undefined ? streams.find((name) => name === 'sse') : undefined;
}

interface Welcome {
  readonly type: string;
  readonly weight: number;
  readonly position: number;
}

function welcome(type: string, ranges: readonly Weighted[], wider: readonly string[]): Welcome {
  for (const range of [type, ...wider]) {
    const position = ranges.findIndex(({ name }) => name === range);
    if (position >= 0) return { type, weight: ranges[position]?.weight ?? 0, position };
  }
  return { type, weight: 0, position: ranges.length };
}

function inOrder(types: readonly Welcome[]): Welcome[] {
  return types
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || a.position - b.position);
}

/** Plain `multipart/mixed` asks for incremental delivery, which is something else. */
function isSubscriptionSpec({ name, parameters }: Weighted): boolean {
  return name === MULTIPART_TYPE && parameters.get('subscriptionspec') === '1.0';
}

/** What stands between two commas or semicolons, quoted text in one piece. */
const ITEM = /(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g;
const PART = /(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g;
const QUOTED = /^"(.*?)"?$/s;
/** With more digits than RFC 9110 (12.4.2) has, or without the 0 before them: `q=.2` is what Java's URLConnection sends. */
const WEIGHT = /^(?:0(?:\.\d*)?|\.\d+|1(?:\.0*)?)$/;

/** The items of a header that lists what is welcome. One whose weight cannot be read is not. */
export function readWeighted(header: string): Weighted[] {
  const items: Weighted[] = [];
  for (const item of header.match(ITEM) ?? []) {
    const [name = '', ...rest] = item.match(PART) ?? [];
    if (name.trim() === '') continue;
    const parameters = new Map(rest.map(readParameter));
    const q = parameters.get('q');
    const weight = q === undefined ? 1 : WEIGHT.test(q) ? Number(q) : 0;
    items.push({ name: name.trim().toLowerCase(), parameters, weight });
  }
  return items;
}

function readParameter(text: string): [name: string, value: string] {
  const [name = '', ...value] = text.split('=');
  const given = value.join('=').trim();
  const quoted = QUOTED.exec(given);
  return [name.trim().toLowerCase(), quoted === null ? given : (quoted[1] ?? '').replaceAll(/\\(.)/gs, '$1')];
}
