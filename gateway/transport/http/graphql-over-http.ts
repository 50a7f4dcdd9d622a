import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { OVERLOADED } from '#gateway/admission.ts';
import type { EngineResult } from '#gateway/execution/compiled-operation.ts';
import type { Engine } from '#gateway/engine.ts';
import type { ClientContext, GatewayRequest } from '#gateway/request.ts';
import { isAllowedOrigin } from './hooks/use-cors.ts';
import type { WantedAnswer } from './accept.ts';
import { readBody, readGraphqlRequest, readParameters } from '#gateway/transport/graphql-request.ts';
import type { PersistedQueries } from '#gateway/transport/persisted-queries.ts';
import { malformed, RequestRefusal } from '#gateway/transport/refusal.ts';
import { chooseCoding, compress } from './compression.ts';

/** One operation, or the items of a batch. */
export type Asked = GatewayRequest | readonly unknown[];
export type OperationKind = 'query' | 'mutation' | 'subscription';

/** An answer in one piece, ready for the wire. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly contentEncoding?: string | undefined;
  readonly body: string | Buffer;
}

export interface GraphqlOverHttp {
  /**
   * What a request asks for: one operation, or the items of a batch.
   * @throws {RequestRefusal}
   */
  read(request: FastifyRequest): Asked;
  /** Undefined for an operation that is not valid: whoever executes it says what is wrong. */
  kindOf(asked: GatewayRequest): OperationKind | undefined;
  /**
   * Executes what was read and answers in one piece.
   * @throws {RequestRefusal}
   */
  answer(
    asked: Asked,
    request: FastifyRequest,
    wanted: WantedAnswer,
    client: ClientContext,
  ): Promise<HttpAnswer>;
}

export interface GraphqlOverHttpDeps {
  readonly engine: Pick<Engine, 'current' | 'execute'>;
  readonly persisted: PersistedQueries;
  /** Whose pages may call the gateway. */
  readonly corsOrigins: readonly (string | RegExp)[];
  /** At most so many operations in a batch; 0 for no batches. */
  readonly maxBatch: number;
  /** Shorter answers are sent as they are, in bytes or, as near as makes no difference, characters. */
  readonly compressFrom: number;
}

/** Headers that no page of another site can have a browser send without asking first. */
const PREFLIGHTED_HEADERS = [
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'graphql-require-preflight',
];

/** Operations of a batch are read and validated one after the other; whoever waits for the event loop comes between. */
const LONGEST_TURN_MS = 10;

/** GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/ */
export function createGraphqlOverHttp(deps: GraphqlOverHttpDeps): GraphqlOverHttp {
  const { engine, persisted, corsOrigins, maxBatch, compressFrom } = deps;

  async function answerOne(
    asked: GatewayRequest,
    wanted: WantedAnswer,
    contentType: string,
    client: ClientContext,
  ): Promise<HttpAnswer> {
    const result = await engine.execute(asked, client);
    const status = statusOf(result);
    const { errors, data, extensions } = result;
    return {
      status: status === 400 && wanted.plainStatus ? 200 : status,
      contentType,
      body: JSON.stringify({ errors, data, extensions }),
    };
  }

  async function answerBatch(
    items: readonly unknown[],
    contentType: string,
    client: ClientContext,
  ): Promise<HttpAnswer> {
    const answers: Promise<EngineResult>[] = [];
    let began = performance.now();
    for (const item of items) {
      if (performance.now() - began > LONGEST_TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        began = performance.now();
      }
      // The request itself has been counted, for the first of them.
      answers.push(answerItem(item, answers.length === 0 ? client : { ...client, counted: false }));
    }
    const results = await Promise.all(answers);
    const status = results.every((result) => statusOf(result) === 503) ? 503 : 200;
    const body = JSON.stringify(
      results.map(({ errors, data, extensions }) => ({ errors, data, extensions })),
    );
    return { status, contentType, body };
  }

  function checkBatch({ length }: readonly unknown[]): void {
    if (maxBatch === 0) throw malformed('A request holds one operation: batching is off.');
    if (length === 0 || length > maxBatch) throw malformed(`A batch holds 1 to ${maxBatch} operations.`);
  }

  /** What is wrong with one operation is in its own answer. */
  async function answerItem(item: unknown, client: ClientContext): Promise<EngineResult> {
    try {
      return await engine.execute(readGraphqlRequest(item, persisted), client);
    } catch (error) {
      if (error instanceof RequestRefusal) return { errors: [error.toJSON()] };
      throw error;
    }
  }

  function kindOf({ query, operationName }: GatewayRequest): OperationKind | undefined {
    try {
      return engine.current.planning.kindOf(query, operationName);
    } catch {
      return undefined;
    }
  }

  return {
    kindOf,
    read(request) {
      if (request.method !== 'POST') {
        const asked = readParameters(request.query as Record<string, unknown>, persisted);
        const kind = kindOf(asked);
        checkMethod(kind);
        checkForgery(request.headers, kind, corsOrigins);
        return asked;
      }
      if (typeof request.body !== 'string' || request.body === '')
        throw malformed('The request has no body.');
      const asked = readBody(request.body, persisted);
      if (isBatch(asked)) checkBatch(asked);
      return asked;
    },
    async answer(asked, request, wanted, client) {
      if (wanted.json === undefined)
        throw new RequestRefusal(
          406,
          'NOT_ACCEPTABLE',
          'The answer can be application/json or application/graphql-response+json, and nothing that "accept" lists.',
        );
      const answer = isBatch(asked)
        ? await answerBatch(asked, wanted.json, client)
        : await answerOne(asked, wanted, wanted.json, client);
      if (answer.body.length < compressFrom) return answer;
      const coding = chooseCoding(request.headers['accept-encoding']);
      if (coding === undefined) return answer;
      return { ...answer, body: await compress(answer.body, coding), contentEncoding: coding };
    },
  };
}

export function isBatch(asked: Asked): asked is readonly unknown[] {
  return Array.isArray(asked);
}

/**
 * What is no POST may be sent again, and by links.
 * @throws {RequestRefusal}
 */
function checkMethod(kind: OperationKind | undefined): void {
  if (kind !== 'mutation') return;
  throw new RequestRefusal(405, 'METHOD_NOT_ALLOWED', 'A mutation has to be sent by POST.', {
    allow: 'POST',
  });
}

/**
 * 200 for every answer with data, null or not; without it nothing was executed, through the client's fault or ours, or
 * because there is no room for it.
 */
export function statusOf({ data, errors = [] }: EngineResult): 200 | 400 | 500 | 503 {
  if (data !== undefined) return 200;
  const codes = errors.map(({ extensions }) => extensions?.['code']);
  if (codes.includes('INTERNAL_SERVER_ERROR')) return 500;
  return codes.some((code) => code === OVERLOADED || code === 'PLANNING_OVERLOADED') ? 503 : 400;
}

/**
 * A page of another site may have a browser send a GET, with the user's cookies, and measure what comes of it. Not when
 * it has one of these headers: the browser asks first. `Sec-Fetch-Site` is the browser's own word.
 *
 * An `EventSource` can send no header. It may subscribe when there is no cookie to abuse, from a page that may call the
 * gateway and from what is no page; what such a stream says, a page of another site cannot read.
 *
 * @throws {RequestRefusal}
 */
function checkForgery(
  headers: IncomingHttpHeaders,
  kind: OperationKind | undefined,
  corsOrigins: readonly (string | RegExp)[],
): void {
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin' || PREFLIGHTED_HEADERS.some((name) => headers[name])) return;
  if (kind === 'subscription' && headers.cookie === undefined) {
    const { origin } = headers;
    if (origin === undefined ? site === undefined || site === 'none' : isAllowedOrigin(corsOrigins, origin))
      return;
  }
  throw malformed(
    `A GET needs a header that another site's page cannot have a browser send, such as "apollo-require-preflight: 1".`,
  );
}
