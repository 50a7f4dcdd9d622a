import { areExtensions, readPath } from '#gateway/subgraphs/calls/wire/subgraph-errors.ts';
import type { GraphQLFormattedError } from 'graphql';
import { parseExactJson } from '#gateway/json/exact-json.ts';
import type { SubgraphAnswer } from '#gateway/subgraphs/calls/calls.ts';

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

/** More are told to nobody. */
const ERRORS_AT_MOST = 1_000;

const HEAD_BYTES = 1_024;
const ID = /"id"\s*:\s*"([^"\\]*)"/;

/** Of which stream a message is that is too large to be read for itself: its id stands before its payload, as a rule. */
export function idOfLarge(data: Buffer): string {
  const [head = ''] = data.subarray(0, HEAD_BYTES).toString().split('"payload"', 1);
  return ID.exec(head)?.[1] ?? idOf(parseMessage(data.toString()));
}

/** Ours are texts of digits; some servers make numbers of them. Anything else is nobody's. */
export function idOf(message: UpstreamMessage | undefined): string {
  const id = message?.id;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : '';
}

/** What an event brings, in the shape that an answer has; undefined when it is nothing that a `next` may carry. */
export function asAnswer(payload: unknown): SubgraphAnswer | undefined {
  if (!isRecord(payload)) return undefined;
  const { data, errors, extensions } = payload;
  if (data !== undefined && data !== null && !isRecord(data)) return undefined;
  if (errors === undefined && (extensions === undefined || isRecord(extensions))) return payload;
  return {
    ...(data !== undefined && { data }),
    ...(Array.isArray(errors) && errors.length > 0 && { errors: asErrors(errors.slice(0, ERRORS_AT_MOST)) }),
    ...(isRecord(extensions) && { extensions }),
  };
}

export function asErrors(payload: unknown): GraphQLFormattedError[] {
  const errors = Array.isArray(payload) && payload.length > 0 ? payload : [payload];
  return errors.map((error) => {
    if (!isRecord(error)) return { message: 'unknown error' };
    const { message, locations, extensions } = error;
    const path = readPath(error['path']);
    return {
      message: typeof message === 'string' ? message : 'unknown error',
      ...(Array.isArray(locations) && { locations }),
      ...(path !== undefined && { path }),
      ...(areExtensions(extensions) && { extensions }),
    };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
