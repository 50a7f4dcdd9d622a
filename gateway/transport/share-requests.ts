import type { FastifyRequest } from 'fastify';
import type { ClientContext, Gateway } from '#gateway/gateway.ts';
import { identityOf } from '#gateway/upstream/forwarded-headers.ts';
import { createSharing } from '#gateway/upstream/sharing.ts';
import type { GraphqlOverHttp, HttpAnswer } from './graphql-over-http.ts';

/**
 * Whole identical queries in flight are answered once: parsed, executed and serialised for the first client, the same
 * bytes for all. Identical means the same body and media type asked for, from clients of whom the subgraphs are told
 * the same. What is no plain query in a POST goes its own way.
 */
export function shareRequests(
  graphql: GraphqlOverHttp,
  gateway: Pick<Gateway, 'current' | 'writes'>,
): GraphqlOverHttp {
  const sharing = createSharing<HttpAnswer>(gateway.writes);

  function isQuery(body: string): boolean {
    try {
      const request: unknown = JSON.parse(body);
      if (typeof request !== 'object' || request === null || !('query' in request)) return false;
      const operationName = 'operationName' in request ? request.operationName : undefined;
      if (typeof request.query !== 'string' || (operationName != null && typeof operationName !== 'string'))
        return false;
      return gateway.current.planning.kindOf(request.query, operationName ?? undefined) === 'query';
    } catch {
      // Whoever answers it says what is wrong.
      return false;
    }
  }

  async function serialised(request: FastifyRequest, client: ClientContext): Promise<HttpAnswer> {
    const answer = await graphql.answer(request, client);
    return typeof answer.body === 'string' ? { ...answer, body: Buffer.from(answer.body) } : answer;
  }

  return {
    answer(request, client) {
      const { body } = request;
      if (request.method !== 'POST' || typeof body !== 'string' || client.queryPlan)
        return graphql.answer(request, client);
      const key = `${request.url}\n${identityOf(client.headers)}\n${request.headers.accept ?? ''}\n${body}`;
      if (!sharing.has(key) && !isQuery(body)) return graphql.answer(request, client);
      const start = () => {
        const abandonedByAll = new AbortController();
        return {
          result: serialised(request, { ...client, signal: abandonedByAll.signal }),
          stop: () => abandonedByAll.abort(),
        };
      };
      return sharing.join(key, start, client.signal, () => new Error('the client has gone'));
    },
    [Symbol.asyncDispose]: () => graphql[Symbol.asyncDispose](),
  };
}
