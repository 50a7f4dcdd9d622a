import { LRUCache } from 'lru-cache';

const JSON_TYPE = 'application/json';
const GRAPHQL_JSON_TYPE = 'application/graphql-response+json';
/** In the order of preference where a client has none. */
const OFFERED = [JSON_TYPE, GRAPHQL_JSON_TYPE];
const REMEMBERED = 100;

const chosen = new LRUCache<string, { readonly mediaType: string | undefined }>({ max: REMEMBERED });

/**
 * The content type in which a client that sent `accept` gets its answer (RFC 9110, 12.5.1): the one it weighs most, of
 * equals the one it names first. Undefined when it takes neither.
 */
export function chooseMediaType(accept: string | undefined): string | undefined {
  const header = accept ?? '*/*';
  let choice = chosen.get(header);
  if (choice === undefined) chosen.set(header, (choice = { mediaType: choose(header) }));
  return choice.mediaType;
}

interface Range {
  readonly type: string;
  readonly weight: number;
}

function choose(accept: string): string | undefined {
  const ranges = accept.split(',').map(readRange);
  let best: { type: string; weight: number; position: number } | undefined;
  for (const type of OFFERED) {
    // The most specific range that covers the type says what it weighs.
    const position = [type, 'application/*', '*/*']
      .map((range) => ranges.findIndex(({ type: t }) => t === range))
      .find((i) => i >= 0);
    const weight = position === undefined ? 0 : (ranges[position]?.weight ?? 0);
    if (position === undefined || weight === 0) continue;
    if (best === undefined || weight > best.weight || (weight === best.weight && position < best.position)) {
      best = { type, weight, position };
    }
  }
  return best && `${best.type}; charset=utf-8`;
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
}
