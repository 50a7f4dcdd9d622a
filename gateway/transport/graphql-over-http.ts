import type { FastifyRequest } from 'fastify';
import type { EngineResult } from '#gateway/execution/compiled-operation.ts';
import type { ClientContext, Gateway, GatewayRequest } from '#gateway/gateway.ts';
import { parseRequestJson } from '#gateway/json/exact-json.ts';
import { chooseMediaType } from './media-type.ts';

/** An answer ready for the wire. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body: string | Buffer | AsyncIterable<string>;
}

export interface GraphqlOverHttp extends AsyncDisposable {
  /** `request.body` is JSON text, if anything. */
  answer(request: FastifyRequest, client: ClientContext): Promise<HttpAnswer>;
}

/**
 * The short way for what nearly every request is: one operation, by POST, answered in JSON. Going through Apollo Server
 * costs a tenth of the floor's whole request (measured), so it gets the rest only: GET, batches, persisted queries, pages,
 * and whatever has to be told what is wrong with it. Both ways end in `gateway.execute` and answer alike.
 */
export function answerPlainPosts(rest: GraphqlOverHttp, gateway: Pick<Gateway, 'execute'>): GraphqlOverHttp {
  return {
    async answer(request, client) {
      const plain = readPlainPost(request);
      const mediaType = plain && chooseMediaType(request.headers.accept);
      if (plain === undefined || mediaType === undefined) return rest.answer(request, client);
      const result = await gateway.execute(plain, client);
      const { errors, data, extensions } = result;
      const body = JSON.stringify({ errors, data, extensions });
      return { status: statusOf(result), headers: [['content-type', mediaType]], body };
    },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}

/** 200 for every answer with data, null or not; without it nothing was executed, through the client's fault or ours. */
export function statusOf({ data, errors = [] }: EngineResult): 200 | 400 | 500 {
  if (data !== undefined) return 200;
  return errors.some(({ extensions }) => extensions?.['code'] === 'INTERNAL_SERVER_ERROR') ? 500 : 400;
}

function readPlainPost({ method, body }: FastifyRequest): GatewayRequest | undefined {
  if (method !== 'POST' || typeof body !== 'string') return undefined;
  let request: unknown;
  try {
    request = parseRequestJson(body);
  } catch {
    return undefined;
  }
  if (!isObject(request)) return undefined;
  const { query, operationName, variables, extensions } = request;
  if (
    typeof query !== 'string' ||
    query === '' ||
    !(operationName == null || typeof operationName === 'string')
  )
    return undefined;
  if (!(variables == null || isObject(variables)) || !(extensions == null || isObject(extensions)))
    return undefined;
  if (extensions?.['persistedQuery'] !== undefined) return undefined;
  return {
    query,
    operationName: operationName ?? undefined,
    variables: variables ?? undefined,
    extensions: extensions ?? undefined,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
