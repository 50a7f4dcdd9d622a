import type { GraphQLFormattedError } from 'graphql';
import { parseExactJson } from '#gateway/json/exact-json.ts';
import type { SubgraphAnswer } from '#gateway/upstream/upstream.ts';

/** One message of a subgraph's, of whatever shape: nothing in it is believed before it has been looked at. */
export interface UpstreamMessage {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly payload?: unknown;
}

/** Undefined for what is no JSON object. */
export function parseMessage(text: string): UpstreamMessage | undefined {
  try {
    const message = parseExactJson(text);
    return isRecord(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

/** What an event brings; undefined when it is nothing that a `next` may carry. */
export function asAnswer(payload: unknown): SubgraphAnswer | undefined {
  return isRecord(payload) ? payload : undefined;
}

export function asErrors(payload: unknown): GraphQLFormattedError[] {
  const errors = Array.isArray(payload) && payload.length > 0 ? payload : [payload];
  return errors.map((error) =>
    isRecord(error) && typeof error['message'] === 'string'
      ? { ...error, message: error['message'] }
      : { message: 'unknown error' },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
