import type { FastifyRequest } from 'fastify';
import type { Engine } from '#gateway/engine.ts';
import type { ClientContext } from '#gateway/request.ts';
import { CLIENT_ADDRESS_HEADER, identityOf } from '#gateway/subgraphs/forwarded-headers.ts';
import { createSharing } from '#gateway/subgraphs/calls/sharing.ts';
import { type Asked, type HttpAnswer, isBatch } from './graphql-over-http.ts';

/**
 * Whole identical queries in flight are answered once: parsed, executed and serialised for the first client, the same
 * bytes for all.
 */
export interface SharedAnswers {
  /**
   * What makes requests identical: the same body, and the same answer asked for, from clients of whom the subgraphs are
   * told the same. Undefined for what is no plain POST.
   */
  keyOf(request: FastifyRequest, client: ClientContext): string | undefined;
  /** Whether the answer is on its way already; then the request need not be read. */
  has(key: string): boolean;
  isShareable(asked: Asked): boolean;
  /** One more client waits for the operation to be planned, not only the one whose request came first. */
  alsoWaits(asked: Asked, client: ClientContext): void;
  /** @param start answers for all, until the signal says that all have gone */
  join(
    key: string,
    client: ClientContext,
    start: (client: ClientContext) => Promise<HttpAnswer>,
  ): Promise<HttpAnswer>;
}

export function createSharedAnswers(engine: Pick<Engine, 'current' | 'writes'>): SharedAnswers {
  const sharing = createSharing<HttpAnswer>(engine.writes);
  return {
    keyOf({ method, url, headers, body }, client) {
      if (method !== 'POST' || typeof body !== 'string' || client.queryPlan) return undefined;
      return [url, identityOf(client.headers), headers.accept, headers['accept-encoding'], body].join('\n');
    },
    has: (key) => sharing.has(key),
    isShareable(asked) {
      if (isBatch(asked)) return false;
      try {
        return engine.current.planning.kindOf(asked.query, asked.operationName) === 'query';
      } catch {
        // Whoever answers it says what is wrong.
        return false;
      }
    },
    alsoWaits(asked, { headers }) {
      const { planning } = engine.current;
      if (isBatch(asked)) return;
      try {
        const address = headers[CLIENT_ADDRESS_HEADER] ?? '';
        const prepared = planning.prepare(asked.query, asked.operationName, address);
        if (prepared instanceof Promise) prepared.catch(() => {});
      } catch {
        // The answer that is shared says it.
      }
    },
    join(key, client, start) {
      return sharing.join(
        key,
        () => {
          const abandonedByAll = new AbortController();
          return {
            result: start({ ...client, signal: abandonedByAll.signal }).then(serialised),
            stop: () => abandonedByAll.abort(),
          };
        },
        client.signal,
        () => new Error('the client has gone'),
      );
    },
  };
}

function serialised(answer: HttpAnswer): HttpAnswer {
  return typeof answer.body === 'string' ? { ...answer, body: Buffer.from(answer.body) } : answer;
}
