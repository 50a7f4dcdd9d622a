import type { FastifyRequest } from 'fastify';
import { parseExactJson, parseRequestJson } from '#gateway/json/exact-json.ts';
import type { LiveRequest } from '#gateway/subscriptions/subscriber.ts';

/**
 * The one operation of a GraphQL-over-HTTP request, from the JSON text of a POST or the parameters of a GET. Undefined
 * when there is none: whoever answers requests with one answer says what is wrong with it.
 */
export function readOperation(
  request: Pick<FastifyRequest, 'method' | 'body' | 'query'>,
): LiveRequest | undefined {
  const given =
    request.method === 'GET' ? asRecord(request.query) : asRecord(fromJson(request.body, parseRequestJson));
  if (given === undefined || typeof given['query'] !== 'string') return undefined;
  const { query, operationName } = given;
  return {
    query,
    operationName: typeof operationName === 'string' ? operationName : undefined,
    variables: asRecord(fromJson(given['variables'], parseExactJson)),
    extensions: asRecord(fromJson(given['extensions'], JSON.parse)),
  };
}

/** In a GET, objects are JSON text; in a POST they are objects already. */
function fromJson(value: unknown, parse: (text: string) => unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return parse(value);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
