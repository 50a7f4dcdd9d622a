import type { GatewayRequest } from '#gateway/request.ts';
import { parseExactJson, parseRequestJson } from '#gateway/json/exact-json.ts';
import type { PersistedQueries } from './persisted-queries.ts';
import { malformed } from './refusal.ts';

/**
 * Reads one GraphQL request from parsed JSON: the body of a POST, an item of a batch, the payload of a socket's message.
 * `null` counts as absent, and so does an empty `operationName`.
 *
 * @param persisted where a request without a text may find one; without it every request has to have one
 * @throws {RequestRefusal}
 */
export function readGraphqlRequest(value: unknown, persisted?: PersistedQueries): GatewayRequest {
  if (!isRecord(value)) throw malformed('A GraphQL request is an object with a "query".');
  const { query, operationName, variables, extensions } = value;
  if (query != null && typeof query !== 'string') throw malformed('"query" must be a string.');
  if (operationName != null && typeof operationName !== 'string')
    throw malformed('"operationName" must be a string or null.');
  if (variables != null && !isRecord(variables)) throw malformed('"variables" must be an object or null.');
  if (extensions != null && !isRecord(extensions)) throw malformed('"extensions" must be an object or null.');
  const persistedQuery = extensions?.['persistedQuery'];
  const text =
    persistedQuery == null || persisted === undefined ? query : persisted.resolve(query, persistedQuery);
  if (text == null) throw malformed('The request has no "query".');
  return {
    query: text,
    operationName: operationName || undefined,
    variables: variables ?? undefined,
    extensions: extensions ?? undefined,
  };
}

/**
 * Reads the JSON text of a POST's body: one request or, as a list, several.
 * @throws {RequestRefusal}
 */
export function readBody(text: string, persisted: PersistedQueries): GatewayRequest | readonly unknown[] {
  let value: unknown;
  try {
    value = parseRequestJson(text);
  } catch {
    throw malformed('The body is no JSON.');
  }
  return Array.isArray(value) ? value : readGraphqlRequest(value, persisted);
}

/** In the query of a URL, `variables` and `extensions` are JSON text. */
const PARAMETERS = ['query', 'operationName', 'variables', 'extensions'] as const;

/** Whether the query of a URL has a GraphQL request in it, whole or not. */
export function hasRequest(parameters: Readonly<Record<string, unknown>>): boolean {
  return PARAMETERS.some((name) => parameters[name] !== undefined);
}

/**
 * Reads the parameters of a GET.
 * @throws {RequestRefusal}
 */
export function readParameters(
  parameters: Readonly<Record<string, unknown>>,
  persisted: PersistedQueries,
): GatewayRequest {
  for (const name of PARAMETERS) {
    if (Array.isArray(parameters[name])) throw malformed(`The parameter "${name}" is there twice.`);
  }
  return readGraphqlRequest(
    {
      query: parameters['query'],
      operationName: parameters['operationName'],
      variables: fromText('variables', parameters['variables'], parseExactJson),
      extensions: fromText('extensions', parameters['extensions'], JSON.parse),
    },
    persisted,
  );
}

function fromText(name: string, text: unknown, parse: (text: string) => unknown): unknown {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    return parse(text);
  } catch {
    throw malformed(`The parameter "${name}" is no JSON.`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
