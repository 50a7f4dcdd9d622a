import type { GraphQLFormattedError } from 'graphql';
import { parseExactIntegers, parseExactJson } from '#gateway/json/exact-json.ts';
import type { WireResponse } from './exchange.ts';
import { readErrors, UNREADABLE } from './subgraph-errors.ts';
import { type SubgraphAnswer, UpstreamError } from '#gateway/subgraphs/calls/calls.ts';

/** Some servers begin with it, though JSON may not (RFC 8259, 8.1); its readers may pass over it. */
const BYTE_ORDER_MARK = '\ufeff';
/** More are not read: each would be looked up, masked and logged, and no client is told so many. */
const MOST_ERRORS = 1_000;
const GRAPHQL_JSON = 'application/graphql-response+json';

/**
 * Reads a GraphQL answer by "GraphQL over HTTP": with `application/graphql-response+json` the body counts whatever the
 * status; with `application/json` data counts on a 2xx only, as anything on the way may have written such a body.
 * Errors in it count always, since they say more than a status does.
 *
 * @throws {UpstreamError} `SUBGRAPH_HTTP_ERROR` or `SUBGRAPH_BAD_RESPONSE`
 */
export function readAnswer(subgraph: string, response: WireResponse): SubgraphAnswer {
  const { status } = response;
  const mediaType = readMediaType(response.contentType);
  const ok = status >= 200 && status < 300;
  if (mediaType !== 'application/json' && mediaType !== GRAPHQL_JSON) {
    if (!ok) throw httpError(subgraph, status);
    throw badResponse(subgraph, `content type ${JSON.stringify(response.contentType)}`, status);
  }
  const answer = parseAnswer(response);
  if (typeof answer === 'string')
    throw ok ? badResponse(subgraph, answer, status) : httpError(subgraph, status);
  if (ok || mediaType === GRAPHQL_JSON) return answer;
  if (!answer.errors?.length || answer.data != null) throw httpError(subgraph, status);
  return { data: null, errors: answer.errors.map((error) => withCode(error)), extensions: answer.extensions };
}

/** The answer, or what is wrong with it. */
function parseAnswer({ text, builtInLeaves }: WireResponse): SubgraphAnswer | string {
  let answer: unknown;
  try {
    const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    answer = builtInLeaves ? parseExactIntegers(json) : parseExactJson(json);
  } catch {
    return 'a body that is no JSON';
  }
  if (!isRecord(answer)) return 'JSON that is no object';
  const { data, errors, extensions } = answer;
  if (Array.isArray(errors) && errors.length > MOST_ERRORS) errors.length = MOST_ERRORS;
  if (data !== undefined && data !== null && !isRecord(data)) return '"data" that is no object';
  if (errors === undefined && (extensions === undefined || isRecord(extensions)))
    return data === undefined ? 'neither "data" nor "errors"' : answer;
  const read = readErrors(errors);
  // Errors that are none tell nothing, but they take no data away.
  if (data == null && read === 'none') return '"errors" that is no list of errors';
  if (data === undefined && read === undefined) return 'neither "data" nor "errors"';
  return {
    data,
    errors: read === 'none' ? UNREADABLE : read,
    ...(isRecord(extensions) && { extensions }),
  };
}

function readMediaType(contentType: string): string {
  const end = contentType.indexOf(';');
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withCode(error: GraphQLFormattedError): GraphQLFormattedError {
  return { ...error, extensions: { code: 'SUBGRAPH_HTTP_ERROR', ...error.extensions } };
}

function httpError(subgraph: string, status: number): UpstreamError {
  return new UpstreamError(subgraph, 'SUBGRAPH_HTTP_ERROR', `${subgraph} answered with status ${status}`, {
    status,
  });
}

function badResponse(subgraph: string, what: string, status: number): UpstreamError {
  return new UpstreamError(subgraph, 'SUBGRAPH_BAD_RESPONSE', `${subgraph} answered with ${what}`, {
    status,
  });
}
