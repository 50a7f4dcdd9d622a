// Planning: refusals quote what a client sent, which may be a megabyte.
import { GraphQLError } from 'graphql';

const MAX_LENGTH = 500;
/** Of one error: a cycle of fragments, or a name, may be all over the document. */
const MAX_PLACES = 20;
const MAX_QUOTED = 100;
const MAX_MEMBERS = 10;
const MAX_LEVELS = 3;

/** Of a message, as much as anybody would read; cut in the middle, as both ends tell what is wrong. */
export function shortened(message: string, maxLength = MAX_LENGTH): string {
  if (message.length <= maxLength) return message;
  const half = Math.floor(maxLength / 2);
  return `${message.slice(0, half)}…${message.slice(1 - half)}`;
}

/**
 * An error of graphql-js's with a code, told in few words and for few places. The same object where it is so already: to
 * find its places again takes as long as reading the text.
 */
export function bounded(error: GraphQLError, code: string): GraphQLError {
  const { message, nodes } = error;
  error.extensions['code'] ??= code;
  if (message.length <= MAX_LENGTH && (nodes?.length ?? 0) <= MAX_PLACES) return error;
  return new GraphQLError(shortened(message), {
    nodes: nodes?.slice(0, MAX_PLACES),
    source: error.source,
    positions: nodes === undefined ? error.positions : undefined,
    extensions: error.extensions,
  });
}

/** A value as graphql-js would quote it, up to a bound. */
export function quoted(value: unknown): string {
  const text = inspected(value, MAX_LEVELS);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}

function inspected(value: unknown, levels: number): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_QUOTED ? value.slice(0, MAX_QUOTED) : value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (JSON.isRawJSON(value)) return value.rawJSON;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    if (levels === 0) return '[Array]';
    const items = value.slice(0, MAX_MEMBERS).map((item) => inspected(item, levels - 1));
    const more = value.length - items.length;
    if (more > 0) items.push(more === 1 ? '... 1 more item' : `... ${more} more items`);
    return `[${items.join(', ')}]`;
  }
  const members: string[] = [];
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    if (levels === 0) return '[Object]';
    if (members.length === MAX_MEMBERS) {
      members.push('…');
      break;
    }
    const shown = key.length > MAX_QUOTED ? `${key.slice(0, MAX_QUOTED)}…` : key;
    members.push(`${shown}: ${inspected(value[key as keyof typeof value], levels - 1)}`);
  }
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
